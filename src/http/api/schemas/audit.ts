import { z } from "zod";
import { time } from "./words.ts";

export const act = z
  .object({
    sequence: z.int(),
    time,
    act: z.string().describe("What was done, such as `tag.move`."),
    outcome: z.enum(["success", "failure"]),
    actor: z.string().nullable(),
    address: z.string().nullable(),
    target: z.string().nullable().describe("What it was done to, such as a repository."),
    requestId: z.string().nullable(),
    detail: z.unknown(),
    hash: z.string().describe("Of the act and the hash before it."),
  })
  .meta({ id: "Act", description: "A row of the audit trail." });

export const actFilter = z.strictObject({
  act: z.string().optional(),
  actor: z.string().optional(),
  target: z.string().optional(),
  prefix: z.string().optional().describe("What the target begins with, such as `team/`."),
  outcome: z.enum(["success", "failure"]).optional(),
  from: time.optional(),
  to: time.optional().describe("Exclusive."),
});

export const chain = z
  .object({
    rows: z.int().describe("How many follow from one another, from the first on."),
    firstSequence: z.int(),
    lastSequence: z.int(),
    removedThrough: z.int().describe("The last act that was removed for its age; 0: none was."),
    lastHash: z.string().describe("Written down elsewhere it proves later that nothing up to here was changed."),
    broken: z
      .object({ sequence: z.int(), reason: z.enum(["changed", "missing", "missing-end", "added"]) })
      .nullable()
      .describe("The first place that is wrong."),
  })
  .meta({ id: "Chain" });
