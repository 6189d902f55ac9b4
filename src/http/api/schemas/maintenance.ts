import { z } from "zod";
import { time } from "./words.ts";

/** As a line that is shown to whoever pushes. */
const reason = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "a reason is one line")
  .nullable();

export const maintenance = z
  .object({
    isReadOnly: z.boolean().describe("Whether pushes, deletes and other changes of content are refused."),
    source: z
      .enum(["configuration", "switch"])
      .nullable()
      .describe("What says so; `configuration` stays whatever is switched here."),
    reason: reason.describe("What whoever wants to change something is told."),
    since: time.nullable().describe("When it was switched on."),
    until: time.nullable().describe("When it ends by itself; `null`: when somebody ends it."),
    by: z.string().nullable().describe("Who said it last."),
  })
  .meta({ id: "Maintenance", description: "Whether the registry only serves pulls, and why." });

export const maintenanceWish = z
  .strictObject({
    reason: reason.default(null).describe("What whoever wants to change something is told."),
    until: time
      .nullable()
      .default(null)
      .describe("When it ends by itself, in the future; `null`: when somebody ends it."),
  })
  .meta({ id: "MaintenanceWish", description: "How long the registry is to serve pulls only, and why." });
