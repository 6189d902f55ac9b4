import { z } from "zod";
import { isRepositoryName } from "../../../oci/index.ts";
import { page } from "./words.ts";

/** Behind a namespace: it and all below it. */
export const BELOW = "**";
const MAX_PATTERN = 128;

/** What is in front of the stars, and whether there are some. */
export interface DeletedPath {
  readonly path: string;
  readonly withBelow: boolean;
}

const repositories = z
  .string()
  .max(300)
  .refine((text) => isRepositoryName(text.endsWith(`/${BELOW}`) ? text.slice(0, -BELOW.length - 1) : text), {
    message: "it is a repository's name, or team/old/** for team/old and all below it",
  })
  .transform((text): DeletedPath => {
    const withBelow = text.endsWith(`/${BELOW}`);
    return { path: withBelow ? text.slice(0, -BELOW.length - 1) : text, withBelow };
  })
  .describe("A repository's name, or `team/old/**` for `team/old` and all below it.");

const tags = z
  .string()
  .regex(/^[A-Za-z0-9_.*-]+$/, "it is a tag, or a pattern of tags such as pr-*")
  .max(MAX_PATTERN)
  .optional()
  .describe("Only the tags that match, in which `*` is any text; default: all manifests with all tags.");

export const newDeletion = z.strictObject({ repositories, tags }).meta({ id: "NewDeletion" });

export const deletionQuery = z.strictObject({ repositories, tags, ...page });

export const deletionVerdict = z
  .object({
    repository: z.string(),
    kind: z.enum(["manifest", "tag"]).describe("A manifest with its tags, or a tag alone."),
    digest: z.string().describe("Of the manifest, or of what the tag points at."),
    tags: z.array(z.string()).describe("The tag, or the first hundred that go with the manifest."),
    verdict: z.enum(["goes", "stays"]),
    reason: z.string().nullable().describe("Why it stays; `null`: it goes."),
  })
  .meta({ id: "DeletionVerdict", description: "What would become of something that a deletion is about." });
