import { z } from "zod";
import { JOB_STATES } from "../../../metadata/index.ts";
import { time } from "./words.ts";

export const jobState = z.enum(JOB_STATES);

const progress = z
  .object({
    done: z.number(),
    total: z.number().nullable().describe("`null`: nobody knows how much there is."),
    unit: z.string().describe("What is counted, such as `candidate` or `byte`."),
    detail: z.record(z.string(), z.unknown()).describe("What it did so far."),
  })
  .meta({ id: "JobProgress" });

export const job = z
  .object({
    id: z.int(),
    kind: z.string().describe("Such as `gc`."),
    state: jobState,
    input: z.unknown(),
    requestedBy: z.string().nullable().describe("Who asked for it; `null`: a schedule, or the registry itself."),
    createdAt: time,
    dueAt: time.nullable().describe("When a waiting one is to begin; else `null`."),
    startedAt: time.nullable().describe("When it was begun first."),
    endedAt: time.nullable(),
    attempts: z.int().describe("How often it was begun. What was given back by a process that stopped does not count."),
    isCancelWanted: z.boolean().describe("It runs and is to end; it does at its next sign of life."),
    progress: progress.nullable(),
    result: z.unknown().describe("Of one that succeeded."),
    problem: z.string().nullable().describe("What the last attempt that did not succeed said."),
  })
  .meta({ id: "Job", description: "Work after the answer." });

export const jobKind = z
  .object({
    kind: z.string(),
    about: z.string(),
    input: z.record(z.string(), z.unknown()).describe("The JSON Schema of its input."),
    refusal: z.string().nullable().describe("Why nobody can have one here; `null`: they can."),
    everySeconds: z.number().nullable().describe("Set: one comes by itself so long after the end of the last."),
    cron: z.string().nullable().describe("Set: one comes by itself at these times, in UTC."),
    dueAt: time
      .nullable()
      .describe(
        "When the next one comes by itself, if there is anything to do then; `null`: none does. In the past while one is open.",
      ),
  })
  .meta({ id: "JobKind" });

export const newJob = z.strictObject({
  kind: z.string().max(100).describe("One of those that `GET /job-kinds` lists."),
  input: z.unknown().optional().describe("As the kind wants it; may be left away."),
});

export const jobFilter = z.strictObject({
  kind: z.string().max(100).optional(),
  state: jobState.optional(),
});
