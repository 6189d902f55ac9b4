import { z } from "zod";
import { countPatterns, isAge, SETTING_NAMES, type SettingName, type SettingValues } from "../../../registry/index.ts";
import { quota } from "./quotas.ts";
import { nodePath, page, repositoryName, time } from "./words.ts";

/** More say nothing that a person could check. */
const MAX_PATTERNS = 100;
/** Of all rules: each tag is held against all of them, while others wait. */
const MAX_PATTERNS_TOGETHER = 500;
const MAX_RULES = 50;
const MAX_COUNT = 1_000_000;
export const MOST_REDIRECT_DAYS = 3650;

const tagPattern = z
  .string()
  .regex(/^[A-Za-z0-9_.*-]{1,128}$/, "it is no pattern of tags such as v* or release-*")
  .describe("`*` is any text.");
const labelName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, "it is no name of an annotation or a label such as dev.berth.keep");
const tagPatterns = z.array(tagPattern).max(MAX_PATTERNS);
const age = z.string().refine(isAge, "it is no age such as 12h, 30d or 2w").describe("Such as `12h`, `30d` or `2w`.");
const count = z.int().min(1).max(MAX_COUNT);

const untagged = z.strictObject({
  rule: z.enum(["keep", "remove"]),
  after: age.optional().describe("With `remove`: how long a manifest stays that has lost its last tag."),
});

const versions = z.strictObject({
  patches: count.optional().describe("So many of each minor version; default: 1."),
  minors: count.optional().describe("So many minor versions of each major one; default: all."),
  majors: count.optional().describe("So many major versions; default: all."),
});

export const retentionRule = z
  .strictObject({
    tags: tagPatterns.min(1).default(["*"]).describe("The tags that it is about."),
    except: tagPatterns.optional().describe("Those of them that it is not about."),
    newest: count.optional().describe("Keeps so many, those that were pushed last."),
    pushedWithin: age.optional().describe("Keeps what was pushed within this time."),
    pulledWithin: age
      .optional()
      .describe("Keeps what was pulled within this time; what nobody has pulled counts from its push."),
    versions: versions.optional().describe("Keeps the newest semantic versions."),
  })
  .meta({
    id: "RetentionRule",
    description:
      "Keeps, of the tags that it is about, those that meet any of its conditions; without one, all of them.",
  });

const VALUES = {
  "immutable-tags": tagPatterns.describe("Tags that cannot be moved or deleted."),
  "kept-tags": tagPatterns.describe(
    "Tags that neither retention nor their expiry removes, such as those that are deployed.",
  ),
  "keep-labels": z
    .array(labelName)
    .max(20)
    .describe("Annotations and image labels that keep the tags of what has them; default: `dev.berth.keep`."),
  untagged: untagged.describe("What becomes of manifests that have no tag."),
  protected: z.boolean().describe("Whether clients can delete nothing."),
  retention: z
    .array(retentionRule)
    .max(MAX_RULES)
    .refine(
      (rules) => countPatterns(rules) <= MAX_PATTERNS_TOGETHER,
      `it has more than ${MAX_PATTERNS_TOGETHER} patterns together`,
    )
    .describe("A tag that no rule keeps goes. Without rules all stay."),
  quota,
  "delete-approval": z
    .strictObject({
      required: z.boolean(),
      within: age.optional().describe("How long a request waits; default: `7d`."),
    })
    .describe("Whether a second person has to approve what clients delete. That of any node above holds."),
  redirect: z
    .strictObject({ days: z.int().min(0).max(MOST_REDIRECT_DAYS) })
    .describe("How long the old name of a repository leads to its new one; 0 days: not at all. Default: 30 days."),
} as const satisfies { readonly [Name in SettingName]: z.ZodType<SettingValues[Name]> };

const origin = nodePath.describe("The node that says so.");

export const setting = z
  .discriminatedUnion("name", [
    z.object({ name: z.literal("immutable-tags"), value: VALUES["immutable-tags"], origin }),
    z.object({ name: z.literal("kept-tags"), value: VALUES["kept-tags"], origin }),
    z.object({ name: z.literal("keep-labels"), value: VALUES["keep-labels"], origin }),
    z.object({ name: z.literal("untagged"), value: VALUES.untagged, origin }),
    z.object({ name: z.literal("protected"), value: VALUES.protected, origin }),
    z.object({ name: z.literal("retention"), value: VALUES.retention, origin }),
    z.object({ name: z.literal("quota"), value: VALUES.quota, origin }),
    z.object({ name: z.literal("delete-approval"), value: VALUES["delete-approval"], origin }),
    z.object({ name: z.literal("redirect"), value: VALUES.redirect, origin }),
  ])
  .meta({ id: "Setting", description: "What holds for a node, and which node says so." });

export const settingName = z.enum(SETTING_NAMES);

/** What is said by a request. */
export function settingChange(name: SettingName) {
  return z.strictObject({ value: VALUES[name] });
}

export const tagVerdict = z
  .object({
    repository: repositoryName,
    tag: z.string(),
    digest: z.string(),
    pushedAt: time,
    expiresAt: time.nullable().describe("`null`: it does not go by itself."),
    usedAt: time
      .nullable()
      .describe("When it was last pulled or asked for, as far as is known; `null`: never since it is here."),
    verdict: z.enum(["kept", "goes"]),
    reason: z.string().describe("What keeps it, or why it goes."),
  })
  .meta({ id: "TagVerdict", description: "What the next run of retention does with a tag, and why." });

const MAX_RULES_TEXT = 20_000;

/** Of what is not JSON zod says that it is no list. */
function parseRules(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const triedRules = z
  .string()
  .max(MAX_RULES_TEXT)
  .transform(parseRules)
  .pipe(VALUES.retention)
  .optional()
  .describe("Rules as JSON, to be tried in the place of those that hold.");

export const retentionQuery = z.strictObject({
  verdict: z.enum(["kept", "goes"]).optional().describe("Only those tags."),
  rules: triedRules,
  ...page,
});

export const simulationQuery = z.strictObject({
  since: time.optional().describe("As if the rules had held since; default: 30 days ago."),
  every: age.default("1d").describe("How often they would have been applied."),
  rules: triedRules,
  ...page,
});

export const simulatedExpiry = z
  .object({
    repository: repositoryName,
    tag: z.string(),
    digest: z.string(),
    pushedAt: time,
    goneAt: time.describe("When it would have gone."),
    reason: z.string().describe("Why."),
    backAt: time.nullable().describe("When it was pushed or moved after that; `null`: never."),
    afterwards: z
      .enum(["in-use", "pulled", "kept", "unknown", "nothing"])
      .describe("Whether it was needed after that, as far as is known."),
    detail: z.string().nullable(),
  })
  .meta({ id: "SimulatedExpiry", description: "A tag that retention would have removed in the past." });
