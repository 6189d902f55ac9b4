import { z } from "zod";
import { ROLES, VISIBILITIES } from "../../../access/index.ts";
import { action, nodePath, numberPage, page, repositoryName, role, subjectName, time, visibility } from "./words.ts";

export const namespace = z
  .object({
    path: nodePath,
    settings: z.object({
      visibility: z.object({
        value: visibility,
        origin: nodePath.nullable().describe("The node that says so; `null`: none does, it is so by default."),
      }),
    }),
    hasRules: z.boolean().describe("Whether the node says anything itself, of settings or members."),
  })
  .meta({ id: "Namespace", description: "A node of the namespace tree with the settings that hold for it." });

export const namespaceChange = z
  .strictObject({ visibility: visibility.nullable().describe("`null`: as the node above says.") })
  .meta({ id: "NamespaceChange" });

export const member = z
  .object({ subject: subjectName, role, origin: nodePath.describe("The node that the role was given on.") })
  .meta({ id: "Member" });

export const memberChange = z.strictObject({ role }).meta({ id: "MemberChange" });

const grantFields = {
  subject: subjectName,
  pathPattern: z
    .string()
    .min(1)
    .max(255)
    .describe("`*` is any text within one part, `**` as a part any number of parts: `team/**`, `team/*-prod`."),
  tagPattern: z.string().min(1).max(128).nullable().describe("`*` is any text; `null`: all tags."),
  actions: z.array(action).min(1),
  expiresAt: time.nullable().describe("`null`: for good."),
} as const;

export const grant = z
  .object({ id: z.int(), ...grantFields, createdAt: time })
  .meta({ id: "Grant", description: "Some actions for a subject, beside all roles, on what matches." });

export const newGrant = z
  .strictObject({
    ...grantFields,
    tagPattern: grantFields.tagPattern.default(null),
    expiresAt: grantFields.expiresAt.default(null),
  })
  .meta({ id: "NewGrant" });

export const explainQuery = z.strictObject({
  subject: z
    .string()
    .max(300)
    .optional()
    .describe("As a member's; `anonymous`: whoever is not signed in. Default: who asks."),
  repository: repositoryName,
  action,
  tag: z.string().max(128).optional(),
});

const explainedRole = z.object({ subject: subjectName, role: z.enum(ROLES) });

export const explanation = z
  .object({
    isPermitted: z.boolean(),
    permission: z
      .discriminatedUnion("by", [
        z.object({ by: z.literal("system-role"), role: z.string() }),
        z.object({ by: z.literal("role"), role: z.enum(ROLES), subject: subjectName, node: nodePath }),
        z.object({ by: z.literal("grant"), grant: z.int(), subject: subjectName, pathPattern: z.string() }),
        z.object({ by: z.literal("visibility"), visibility: z.enum(VISIBILITIES), node: nodePath }),
      ])
      .nullable()
      .describe("What permits it."),
    obstacle: z
      .enum(["disabled", "expired", "password-change-needed"])
      .nullable()
      .describe("Why the account can do nothing at all, whatever the rules say."),
    subjects: z.array(subjectName).describe("Whom a rule may be about, so that it is about who was asked for."),
    visibility: z.object({ value: visibility, origin: nodePath.nullable() }).nullable(),
    chain: z
      .array(z.object({ node: nodePath, visibility: visibility.nullable(), roles: z.array(explainedRole) }))
      .describe("The nodes that were looked at and say something, from the repository up."),
    grants: z.array(
      z.object({
        id: z.int(),
        subject: subjectName,
        pathPattern: z.string(),
        actions: z.array(z.string()),
        verdict: z.enum(["permits", "expired", "other-path", "other-action", "other-tag"]),
      }),
    ),
  })
  .meta({ id: "Explanation", description: "Why somebody may do something, or may not." });

export const childrenQuery = z.strictObject({
  parent: nodePath.default("").describe("The node whose children are listed; default: the root."),
  ...page,
});

export const grantsQuery = z.strictObject({ subject: subjectName.optional(), ...numberPage });
