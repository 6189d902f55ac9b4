import { age, byteSize, cronTimes, flag, interval, oneOf, path, wholeNumber } from "../values/value-types.ts";
import { accepted, group, optional, optionalGroup, refused, setting } from "./key.ts";

const later = "not there yet; use `storage.filesystem`, or keep registry:2 for this store.";
const gone = "registry:3 dropped this driver too; copy the data into a folder and use `storage.filesystem`.";
const presence = { evenEmpty: true };

export const storageKeys = group(
  "Where blobs are kept. At most one driver; without one it is a filesystem in `./data`.",
  {
    filesystem: optionalGroup("Blobs as files, in the layout of registry:2, whose folder can be used as it is.", {
      rootdirectory: setting(path, "/var/lib/registry", "The folder of the data. Without any driver it is `./data`."),
      maxthreads: accepted("How many files are open at once.", "the operating system decides."),
    }),
    inmemory: optionalGroup("Blobs in memory, for tests: all is gone at the end.", {}),
    s3: refused("Amazon S3 and what speaks its protocol.", later, presence),
    s3aws: refused("Old name of `storage.s3`.", later, presence),
    gcs: refused("Google Cloud Storage.", later, presence),
    azure: refused("Azure Blob Storage.", later, presence),
    swift: refused("OpenStack Swift.", gone, presence),
    oss: refused("Alibaba Cloud OSS.", gone, presence),
    delete: group("Deletion by clients.", {
      enabled: setting(flag, "false", "Lets clients delete manifests and blobs; else they get 405."),
    }),
    redirect: group("Sending clients straight to the object store.", {
      disable: setting(flag, "false", "Streams all blobs through Berth, as the filesystem driver always does."),
    }),
    maintenance: group("Care of the stored data.", {
      uploadpurging: group("Removal of uploads that nobody finished.", {
        enabled: setting(flag, "true", "Removes them."),
        age: setting(age, "168h", "How long an upload may rest."),
        interval: setting(interval, "24h", "How often to look."),
        dryrun: setting(flag, "false", "Only says in the log what would be removed."),
      }),
      gc: group("Removal of what no tag, no manifest and no repository names any more, while the registry serves.", {
        enabled: setting(flag, "true", "Removes it. Not in read-only mode."),
        interval: setting(interval, "1h", "How long after the end of one run the next begins."),
        schedule: optional(
          cronTimes,
          "Instead of an interval: when, as cron writes it and in UTC, for example `0 3 * * *`. What is missed is made up for once.",
        ),
        window: setting(
          age,
          "24h",
          "How long it stays after the last that named it has gone, so that a push that counts on it comes to its end.",
        ),
        untagged: setting(
          oneOf("keep", "remove"),
          "keep",
          "Whether manifests stay that have no tag, where no namespace says anything of it (`berth namespace set`). " +
            "Those of an index stay with it, and signatures and the like with what they belong to, either way.",
        ),
      }),
      retention: group("Removal of tags that no rule of a namespace keeps, and of those that have expired.", {
        enabled: setting(flag, "true", "Removes them. Without rules and tags that expire there is nothing to do."),
        interval: setting(interval, "1h", "How long after the end of one run the next begins."),
        schedule: optional(
          cronTimes,
          "Instead of an interval: when, as cron writes it and in UTC, for example `0 3 * * *`. What is missed is made up for once.",
        ),
      }),
      history: group("What each tag pointed at, since when, and who moved it.", {
        keep: setting(age, "9600h", "How long a change of a tag is remembered; 0: for good. The default is 400 days."),
        changes: setting(wholeNumber(0), "1000", "How many changes of each tag are remembered; 0: all."),
        interval: setting(
          interval,
          "1h",
          "How long after the end of one run that forgets the next begins. Old names of repositories are forgotten by it, too.",
        ),
        schedule: optional(
          cronTimes,
          "Instead of an interval: when, as cron writes it and in UTC, for example `0 4 * * *`. What is missed is made up for once.",
        ),
      }),
      bin: group("Where manifests and tags go that clients delete.", {
        keep: setting(
          age,
          "168h",
          "How long they can be had back with `berth bin restore`, and keep their blobs; 0: they are gone at once.",
        ),
      }),
      inuse: group("What clusters say that they are running (`berth in-use report`).", {
        keep: setting(
          age,
          "168h",
          "How long that stays, whatever retention and clients say, while nothing more is heard of a cluster.",
        ),
      }),
      scrub: group("Verification of all stored content.", {
        enabled: setting(
          flag,
          "false",
          "Reads everything now and then, and finds what is damaged. Not in read-only mode.",
        ),
        interval: setting(
          interval,
          "168h",
          "How long after the end of one, also one made by `berth scrub`, the next begins.",
        ),
        schedule: optional(
          cronTimes,
          "Instead of an interval: when, as cron writes it and in UTC, for example `0 3 * * sun`. What is missed is made up for once.",
        ),
        rate: setting(byteSize, "20MB", "How much is read in a second; 0 is as fast as it goes."),
      }),
      usage: group("Measuring how much each namespace holds, for bills and metrics.", {
        enabled: setting(flag, "true", "Looks through all blobs now and then. Not in read-only mode."),
        interval: setting(
          interval,
          "1h",
          "How long after the end of one run the next begins. What one has found counts until the next.",
        ),
        schedule: optional(
          cronTimes,
          "Instead of an interval: when, as cron writes it and in UTC, for example `0 * * * *`. What is missed is made up for once.",
        ),
      }),
      readonly: group("No changes.", {
        enabled: setting(
          flag,
          "false",
          "Refuses push and delete with 405, from the start on; `berth maintenance` does so while it runs.",
        ),
      }),
    }),
    cache: accepted("Cache of blob descriptors.", "descriptors are looked up in the database."),
    tag: group("Look-up of tags.", {
      concurrencylimit: accepted("How many tags are read at once.", "tags are looked up in the database."),
    }),
    selfdescribing: setting(
      flag,
      "true",
      "Writes beside the blobs, once a minute, what has changed of manifests and tags, so that `berth rebuild` makes a database that was " +
        "lost from them. Not in read-only mode.",
    ),
  },
);

export const databaseKeys = group("The database of manifests, tags, repositories and uploads.", {
  path: optional(path, "The file of the database.", {
    defaultNote: "`<rootdirectory>/berth/berth.db`; `:memory:` for `storage.inmemory`",
  }),
});
