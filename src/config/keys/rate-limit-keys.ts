import { durationBetween, network, wholeNumber } from "../values/value-types.ts";
import { group, listOf, setting } from "./key.ts";

const longestPeriodMs = 7 * 24 * 3_600_000;

function rate(about: string, period: string) {
  return group(about, {
    requests: setting(wholeNumber(0), "0", "How many; 0: no limit."),
    period: setting(durationBetween(1000, longestPeriodMs), period, "In which time: 1 s to 7 days."),
  });
}

export const rateLimitKeys = group(
  "How many requests clients may make. Whoever makes more is answered with 429 and told when to come again.",
  {
    anonymous: rate("Requests of each address that sends no credentials. Of IPv6, each /64 counts as one.", "1m"),
    users: rate("Requests of each user or robot, whatever the address.", "1m"),
    signins: rate("Wrong passwords of each address.", "1m"),
    pulls: group("Pulls, counted beside the above: each GET of a manifest is one, HEAD is none.", {
      anonymous: rate("Of each address that sends no credentials.", "6h"),
      users: rate("Of each user or robot.", "6h"),
    }),
    exempt: listOf(network, "Networks whose requests are not counted."),
  },
);
