import { z } from "zod";
import { STORED_PERIODS, USAGE_DIMENSIONS } from "../../../metadata/index.ts";
import { nodePath } from "./words.ts";

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "it is a day, such as 2026-11-21")
  .describe("A day in UTC, such as `2026-11-21`.");

const dimensions: readonly string[] = USAGE_DIMENSIONS;

const days = {
  from: day.optional().describe("The first day; absent: the first of this month."),
  to: day.optional().describe("The last day, with it; absent: today."),
} as const;

export const usageQuery = z.strictObject({
  ...days,
  by: z
    .string()
    .default("day")
    .transform((text) => (text === "" ? [] : text.split(",")))
    .refine((words) => words.every((word) => dimensions.includes(word)), `each is one of ${dimensions.join(", ")}`)
    .describe(
      "What each row is for: of `day`, `namespace` (the first part of the repository's name), `repository` and `principal`, with commas between them.",
    ),
});

type UsagePlace = Readonly<Record<(typeof USAGE_DIMENSIONS)[number], string>>;

/** What a row is for; a person, the last of all, may have spaces. */
export const usagePlace = z
  .string()
  .max(1000)
  .regex(new RegExp(`^(\\S* ){${USAGE_DIMENSIONS.length - 1}}`), "it is taken from a Link header")
  .transform((text) => {
    const words = text.split(" ");
    const person = words.splice(USAGE_DIMENSIONS.length - 1).join(" ");
    return Object.fromEntries(USAGE_DIMENSIONS.map((name, at) => [name, words[at] ?? person])) as UsagePlace;
  })
  .optional()
  .describe("Where the page before ended: take it from its `Link` header.");

const bytes = z.int().min(0);

export const usageSum = z
  .object({
    day: z.string().nullable(),
    namespace: z.string().nullable().describe("The first part of the repository's name."),
    repository: z.string().nullable(),
    principal: z.string().nullable().describe("Who; empty for who was not signed in."),
    pulls: z.int().describe("GETs of manifests that are no index."),
    pushes: z.int().describe("Manifests that were taken."),
    receivedBytes: bytes.describe(
      "Of manifests that were taken, and of blobs as far as they came, also in uploads that were cut.",
    ),
    sentBytes: bytes.describe("Of blobs and manifests, as announced to clients."),
    cutBytes: bytes.describe(
      "Of those, of large blobs that a client did not take to the end: it got less of them, and how much is not known.",
    ),
  })
  .meta({ id: "UsageSum", description: "What was moved. What was not asked for by `by` is null." });

export const storageUse = z
  .object({
    repositories: z.int(),
    tags: z.int(),
    manifests: z.int(),
    storedBytes: bytes.describe("What all repositories would take if each kept its own."),
    dedupedBytes: bytes.describe("Each content once."),
    uniqueBytes: bytes.describe("Of those, what no repository elsewhere has."),
    sharedBytes: bytes.describe("Of those, what repositories elsewhere have, too."),
  })
  .meta({ id: "StorageUse" });

export const storedQuery = z.strictObject({
  ...days,
  per: z.enum(STORED_PERIODS).default("day").describe("Of what stretch of time each row is."),
});

/** A namespace and a day or month. */
export const storedPlace = z
  .string()
  .regex(/^\S{0,500} \d{4}-\d{2}(-\d{2})?$/, "it is taken from a Link header")
  .transform((text) => {
    const [node = "", period = ""] = text.split(" ");
    return { node, period };
  })
  .optional()
  .describe("Where the page before ended: take it from its `Link` header.");

const byteHours = z.int().min(0);

export const storedSum = z
  .object({
    namespace: nodePath,
    period: z.string().describe("A day, such as `2026-11-21`, or a month, such as `2026-11`, in UTC."),
    hours: z
      .number()
      .describe("For how long it is known what it held; byte-hours divided by them are what it held on average."),
    storedByteHours: byteHours.describe(
      "Of what all repositories would take if each kept its own: a byte for an hour is 1.",
    ),
    dedupedByteHours: byteHours.describe("Of each content once."),
    uniqueByteHours: byteHours.describe("Of what no repository elsewhere has."),
  })
  .meta({ id: "StoredSum", description: "How much a namespace held, with all below it, and for how long." });
