import { z } from "zod";
import { isDigest, isTag, parseReference } from "../../../oci/index.ts";
import { time } from "./words.ts";

/** In a path, percent-encoded. */
export const referenceParam = z
  .string()
  .refine((text) => isDigest(text) || isTag(text), "it is neither a tag nor a digest")
  .transform(parseReference)
  .describe("A tag, or the digest of a manifest.");

const fields = {
  reason: z.string(),
  until: time.nullable().describe("`null`: for good."),
} as const;

export const keep = z
  .object({ reference: z.string().describe("A tag, or a digest."), ...fields, by: z.string().nullable(), time })
  .meta({ id: "Keep", description: "That somebody wants a tag to stay, or a manifest with all its tags." });

export const keepWish = z
  .strictObject({
    reason: z
      .string()
      .max(200)
      .regex(/^[^\p{C}]*$/u, "it is one line of text")
      .default("")
      .describe("For people."),
    until: fields.until.default(null),
  })
  .meta({ id: "KeepWish", description: "Why something is to stay, and until when." });
