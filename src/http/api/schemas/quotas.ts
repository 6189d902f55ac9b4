import { z } from "zod";
import { nodePath } from "./words.ts";

const amount = z.int().min(0);
const limit = amount.nullish();

export const quota = z
  .strictObject({
    bytes: limit.describe("Of blobs; one that several repositories of the namespace have counts once."),
    tags: limit,
    repositories: limit,
  })
  .refine(
    (limits) => Object.values(limits).some((one) => typeof one === "number"),
    "it limits nothing: say bytes, tags or repositories",
  )
  .describe("How much the namespace may hold, with all below it; `null` or absent: as much as there is.");

export const quotaState = z
  .object({
    path: nodePath.describe("The namespace that has the quota."),
    limits: quota,
    uses: z.object({ bytes: amount, tags: amount, repositories: amount }).describe("What it holds, with all below it."),
  })
  .meta({ id: "QuotaState", description: "The quota of a namespace, and how much of it is used." });
