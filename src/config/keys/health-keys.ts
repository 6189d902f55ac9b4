import {
  flag,
  headerValue,
  interval,
  path,
  remoteAddress,
  timeout,
  webUrl,
  wholeNumber,
} from "../values/value-types.ts";
import { group, headersOf, listOfGroups, required, setting } from "./key.ts";

const intervalKey = setting(interval, "10s", "How often to look.");
const timeoutKey = setting(timeout, "3s", "How long an answer may take; 0s: for ever.");
const thresholdKey = setting(wholeNumber(0), "0", "How many failures in a row make it unhealthy; 0 is as 1.");

export const healthKeys = group("Checks; while one fails, every request is answered with 503.", {
  storagedriver: group("Whether the storage answers.", {
    enabled: setting(flag, "false", "Checks it."),
    interval: intervalKey,
    threshold: setting(wholeNumber(0), "3", "How many failures in a row make it unhealthy; 0 is as 1."),
  }),
  file: listOfGroups(
    "Unhealthy while a file exists.",
    {
      file: required(path, "The file."),
      interval: intervalKey,
      threshold: thresholdKey,
    },
    { environmentName: "FILECHECKERS" },
  ),
  http: listOfGroups(
    "Unhealthy unless a URL answers (HEAD).",
    {
      uri: required(webUrl, "The URL."),
      headers: headersOf(headerValue, "Sent with the request.", { secret: true }),
      statuscode: setting(wholeNumber(100, 599), "200", "The status it must answer with."),
      timeout: timeoutKey,
      interval: intervalKey,
      threshold: thresholdKey,
    },
    { environmentName: "HTTPCHECKERS" },
  ),
  tcp: listOfGroups(
    "Unhealthy unless an address accepts connections.",
    {
      addr: required(remoteAddress, "The address."),
      timeout: timeoutKey,
      interval: intervalKey,
      threshold: thresholdKey,
    },
    { environmentName: "TCPCHECKERS" },
  ),
});
