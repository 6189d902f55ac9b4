import { z } from "zod";
import { time } from "./words.ts";

export const deleteRequest = z
  .object({
    id: z.int(),
    path: z.string().describe("A repository, or a namespace with all below it."),
    subject: z
      .string()
      .describe("What of it: a tag, a digest, `all manifests`, or `tags` and a pattern; `**` in front: of all below."),
    requestedBy: z.string().nullable(),
    requestedAt: time,
    expiresAt: time.describe("From then on nobody can approve it."),
    state: z.enum(["open", "approved", "refused"]),
    decidedBy: z.string().nullable(),
  })
  .meta({ id: "DeleteRequest", description: "A delete that waits for a second person." });
