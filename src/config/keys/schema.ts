import type { z } from "zod";
import { age, flag, oneOf, pattern, text, wholeNumber } from "../values/value-types.ts";
import { auditKeys } from "./audit-keys.ts";
import { authKeys } from "./auth-keys.ts";
import { healthKeys } from "./health-keys.ts";
import { httpKeys } from "./http-keys.ts";
import { accepted, group, listOf, listOfGroups, refused, required, setting } from "./key.ts";
import { logKeys, logLevelKey } from "./log-keys.ts";
import { databaseKeys, storageKeys } from "./storage-keys.ts";

const catalogKeys = group("The list of repositories, `/v2/_catalog`.", {
  maxentries: setting(wholeNumber(1), "1000", "The longest page."),
});

const tagsKeys = group("The list of tags.", {
  maxtags: setting(wholeNumber(1), "1000", "The longest page."),
});

const validationKeys = group("What a pushed manifest must fulfil.", {
  disabled: setting(flag, "false", "Leaves all checks of this group away."),
  enabled: accepted("Old opposite of `validation.disabled`.", "write `validation.disabled`; checks are on by default."),
  manifests: group("Checks of manifests.", {
    urls: group("URLs of layers that are kept elsewhere; without `allow` none is taken.", {
      allow: listOf(pattern, "A URL must match one of these."),
      deny: listOf(pattern, "A URL must match none of these."),
    }),
    indexes: group("Which images of an index must be there when the index is pushed.", {
      platforms: setting(oneOf("all", "none", "list"), "all", "All of them, none, or those in `platformlist`."),
      platformlist: listOfGroups("With `platforms: list`.", {
        architecture: required(text, "For example `amd64`."),
        os: required(text, "For example `linux`."),
      }),
    }),
  }),
});

const jobKeys = group("Work after the answer, such as clean-up.", {
  history: setting(age, "720h", "How long a job that has ended is remembered."),
});

const notificationKeys = group("Webhooks.", {
  events: accepted("What an event holds.", "there are no webhooks yet.", { environmentName: "EVENTCONFIG" }),
  endpoints: refused(
    "Where events are sent.",
    "webhooks are not there yet; take the endpoints out, or set `disabled: true`.",
  ),
});

const middlewareRefusal = "registry:2's plug-ins cannot be loaded; take it out, or set `disabled: true`.";

const unusedGroups = {
  redis: accepted("A cache.", "nothing is cached outside the process."),
  policy: group("Rules for repositories.", {
    repository: group("Rules for repositories.", {
      classes: accepted("Classes of content by media type.", "all media types are taken."),
    }),
  }),
  reporting: accepted("Bugsnag and New Relic.", "errors are in the log, figures in the metrics."),
};

const compatibilityKeys = group("What clients from long ago need.", {
  schema1: accepted("Manifests of schema version 1.", "Docker dropped this format; push such an image again."),
  amd64fallback: setting(
    flag,
    "false",
    "Answers who asks for a Docker manifest list by tag, without naming lists in `Accept`, with its linux/amd64 image, " +
      "as registry:2 does. Without it everybody gets what was pushed.",
  ),
});

/** Every key of the configuration. Parsing, messages, environment variables, print and the reference page come from here. */
export const schema = group("The configuration.", {
  version: setting(oneOf("0.1"), "0.1", "The version of the format; only 0.1 exists. No variable can change it."),
  loglevel: logLevelKey,
  log: logKeys,
  storage: storageKeys,
  database: databaseKeys,
  auth: authKeys,
  audit: auditKeys,
  jobs: jobKeys,
  http: httpKeys,
  health: healthKeys,
  catalog: catalogKeys,
  tags: tagsKeys,
  validation: validationKeys,
  compatibility: compatibilityKeys,
  notifications: notificationKeys,
  proxy: refused("Pull-through cache of another registry.", "not there yet; keep registry:2 as the mirror."),
  middleware: group("Plug-ins.", {
    registry: refused("Plug-ins of the registry.", middlewareRefusal),
    repository: refused("Plug-ins of repositories.", middlewareRefusal),
    storage: refused("Plug-ins of storage.", middlewareRefusal),
  }),
  ...unusedGroups,
});

/** The values of all keys that work, with defaults, each in the type of its key. */
export type Settings = z.output<typeof schema>;
