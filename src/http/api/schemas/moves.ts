import { z } from "zod";
import { MOST_REDIRECT_DAYS } from "./settings.ts";
import { page, repositoryName, time } from "./words.ts";

const from = repositoryName.describe("The name that it has.");
const to = repositoryName.describe("The name that it is to have.");

export const moveQuery = z.strictObject({
  from,
  to,
  below: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .describe("Also all repositories below it, whose names begin with the new one then."),
  ...page,
});

const moving = {
  from,
  to,
  redirectDays: z
    .int()
    .min(0)
    .max(MOST_REDIRECT_DAYS)
    .optional()
    .describe(
      "How long the old name leads to the new one; 0: not at all; default: what the setting `redirect` says for the old name, or 30.",
    ),
  acceptChanges: z
    .boolean()
    .default(false)
    .describe("Also if more may see it under the new name, or other settings hold there."),
};

export const newMove = z.strictObject(moving).meta({ id: "NewMove" });

export const newRename = z
  .strictObject({ ...moving, from: from.describe("A namespace, or a repository, with all below it.") })
  .meta({ id: "NewRename" });

/** In the place of what a setting is, for who may not read it. */
export const NOT_SHOWN = "not for you to see";

const ruleChange = z.object({
  rule: z.string().describe("`visibility`, or the name of a setting."),
  before: z
    .unknown()
    .describe(
      `What holds for the old name; \`null\`: nothing. \`${NOT_SHOWN}\` where that is so, as also in \`after\`.`,
    ),
  after: z.unknown(),
  needsConsent: z.boolean().describe("It moves only with `acceptChanges`."),
});

export const plannedMove = z
  .object({
    from: z.string(),
    to: z.string(),
    changes: z.array(ruleChange).describe("What holds for it then and does not now, or the other way round."),
    problem: z.string().nullable().describe("Why it cannot be moved; `null`: it can."),
  })
  .meta({ id: "PlannedMove", description: "What would become of a repository that is moved." });

export const moved = z
  .object({
    from: z.string(),
    to: z.string(),
    redirectUntil: time.nullable().describe("So long the old name leads to the new one; `null`: it does not."),
    changes: z.array(ruleChange),
  })
  .meta({ id: "Moved" });

export const redirect = z
  .object({
    from: z.string(),
    to: z.string(),
    movedAt: time,
    until: time,
    actor: z.string().nullable().describe("Who moved it; for auditors and administrators, else `null`."),
  })
  .meta({ id: "Redirect", description: "A name that leads to another one." });
