import { flag, oneOf, text } from "../values/value-types.ts";
import { accepted, group, mapOf, optional, setting } from "./key.ts";

const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

export const logLevelKey = optional(oneOf(...logLevels), "Old name of `log.level`, which wins when both are there.");

export const logKeys = group("What is written to the log.", {
  level: setting(oneOf(...logLevels), "info", "The least important level that is still written."),
  formatter: setting(oneOf("text", "json", "logstash"), "text", "How a line looks."),
  fields: mapOf(text, "Fields that every line carries, for example `{service: registry}`."),
  accesslog: group("One line a request, in Apache's combined format, on standard output.", {
    disabled: setting(flag, "false", "Writes no access log."),
  }),
  reportcaller: accepted("Adds the line of the source code.", "each line names what happened instead."),
  hooks: accepted(
    "Mails lines of a level.",
    "mail is not sent; let what collects the log or the metrics raise the alarm.",
  ),
});
