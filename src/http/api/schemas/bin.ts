import { z } from "zod";
import { numberPage, repositoryName, time } from "./words.ts";

export const binEntry = z
  .object({
    id: z.int(),
    repository: z.string(),
    kind: z.enum(["manifest", "tag"]).describe("A manifest with its tags, or a tag alone."),
    digest: z.string().describe("Of the manifest, or of what the tag pointed at."),
    mediaType: z.string(),
    sizeBytes: z.int().describe("Of the manifest."),
    tags: z.array(z.string()).describe("The first hundred tags that come back with it."),
    deletedAt: time,
    expiresAt: time.describe("From then on clean-up may remove it."),
    actor: z.string().nullable().describe("Who deleted it."),
    address: z.string().nullable(),
  })
  .meta({ id: "BinEntry", description: "Something that was deleted and can be had back." });

export const binQuery = z.strictObject({
  repository: repositoryName.optional().describe("Only what was deleted there."),
  ...numberPage,
});

export const binRestore = z
  .strictObject({
    force: z
      .boolean()
      .default(false)
      .describe("Moves back tags that point elsewhere by now, and brings back what is not whole any more."),
  })
  .meta({ id: "BinRestore" });

export const binRestored = z
  .object({
    repository: z.string(),
    digest: z.string(),
    tags: z.array(z.string()).describe("The first hundred that came back with it."),
  })
  .meta({ id: "BinRestored", description: "What came back." });

export const binEmpty = z
  .strictObject({ repository: repositoryName.optional().describe("Only what was deleted there; default: everything.") })
  .meta({ id: "BinEmpty" });

export const binEmptied = z
  .object({
    removed: z.int(),
    hasMore: z.boolean().describe("A part of a large bin is emptied at once: ask again for the next."),
  })
  .meta({ id: "BinEmptied" });
