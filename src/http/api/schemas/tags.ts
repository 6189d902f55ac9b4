import { z } from "zod";
import { isDigest, isRepositoryName, isTag } from "../../../oci/index.ts";
import { time } from "./words.ts";

/** In a path, percent-encoded: `team%2Fapp`. */
export const repositoryParam = z
  .string()
  .refine(isRepositoryName, "a repository's name is lower case, such as team/app")
  .describe("The repository's name, percent-encoded, such as `team%2Fapp`.");

export const tagParam = z.string().refine(isTag, "it is no tag");

const digestText = z.string().refine(isDigest, "a digest is sha256: and 64 lower-case hexadecimal digits");

export const tag = z
  .object({
    name: z.string(),
    digest: z.string().describe("What it points at, or pointed at then."),
    since: time.describe("Since when; it may be longer, if it was pushed again meanwhile."),
    isThere: z.boolean().describe("Whether the manifest can be pulled now."),
    mediaType: z.string().nullable().describe("`null`: the manifest is not there any more."),
    sizeBytes: z.int().nullable().describe("Of the manifest."),
  })
  .meta({ id: "Tag", description: "A tag, with what it points at or pointed at." });

export const listedTag = tag
  .extend({
    pulls: z.int().describe("By the tag, or by the digest that it points at."),
    lastPulledAt: time.nullable().describe("`null`: not since pulls are counted."),
  })
  .meta({ id: "ListedTag", description: "A tag, with what it points at and how it is used." });

export const tagQuery = z.strictObject({
  at: time.optional().describe("What it pointed at then, also if it is gone now. Default: now."),
});

export const tagChange = z
  .object({
    id: z.int(),
    time,
    cause: z.enum(["push", "import", "rollback", "restore", "delete", "expiry", "retention", "clean-up", "move"]),
    digest: z.string().nullable().describe("What it points at since; `null`: it was deleted."),
    from: z.string().nullable().describe("What it pointed at before; `null`: it was not there."),
    otherPlace: z
      .string()
      .nullable()
      .describe(
        "Of a move: the place that the tag went to, if it was deleted by it, or came from, such as `team/app:1.0`. `null` also for who may not pull there.",
      ),
    actor: z.string().nullable().describe("For who may `push` or `settings:read` there, else `null`."),
    address: z.string().nullable().describe("As `actor`."),
    reason: z
      .string()
      .nullable()
      .describe("Of `expiry` and `retention`: what the tag was judged by, and the run that removed it. As `actor`."),
  })
  .meta({ id: "TagChange", description: "A tag was made, moved or deleted." });

export const rollBack = z
  .strictObject({
    digest: digestText.optional().describe("A manifest of the repository."),
    steps: z.int().min(1).max(1000).optional().describe("What it pointed at before so many changes."),
    at: time.optional().describe("What it pointed at then."),
  })
  .refine(
    (body) => Object.values(body).filter((value) => value !== undefined).length === 1,
    "say one of digest, steps and at",
  )
  .meta({ id: "RollBack", description: "Where a tag is to point again: one of these." });
