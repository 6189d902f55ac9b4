import { z } from "zod";
import { nodePath, time } from "./words.ts";

export const group = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Group" });

export const newGroup = z
  .strictObject({ name: z.string(), description: z.string().optional() })
  .meta({ id: "NewGroup" });

export const groupChange = z
  .strictObject({ name: z.string().optional(), description: z.string().nullable().optional() })
  .meta({
    id: "GroupChange",
    description: "What is absent stays; roles and grants stay with a group that gets a new name.",
  });

export const groupMember = z
  .object({
    name: z.string(),
    kind: z.enum(["user", "robot"]),
    sources: z.array(z.string()).describe("Who says so: `local`, or a directory or provider at the last sign-in."),
  })
  .meta({ id: "GroupMember" });

export const groupMapping = z
  .strictObject({
    source: z.string().describe("`ldap:<server>` or `oidc:<provider>`."),
    externalName: z.string().describe("What the group is called there."),
  })
  .meta({ id: "GroupMapping", description: "Whoever has that group there is in this one, from the next sign-in on." });

export const robot = z
  .object({
    name: z.string().describe("`<namespace>+<name>`."),
    namespace: nodePath.describe("The one that it belongs to."),
    description: z.string().nullable(),
    isDisabled: z.boolean(),
    createdAt: time,
    updatedAt: time,
    expiresAt: time.nullable().describe("`null`: for good."),
    lastUsedAt: time.nullable().describe("True to a minute."),
  })
  .meta({
    id: "Robot",
    description: "A program that signs in with secrets, or with the ID tokens of jobs that it trusts.",
  });

export const newRobot = z
  .strictObject({
    name: z.string().describe("What stands behind the `+`."),
    description: z.string().optional(),
    expiresAt: time.nullable().default(null),
  })
  .meta({ id: "NewRobot" });

export const robotChange = z
  .strictObject({
    description: z.string().nullable().optional(),
    expiresAt: time.nullable().optional(),
    isDisabled: z.boolean().optional(),
  })
  .meta({ id: "RobotChange", description: "What is absent stays." });

const trustFields = {
  issuer: z.string().describe("The `iss` of the job's ID token."),
  audience: z.string().describe("Its `aud`, such as the registry's host."),
  claims: z.record(z.string(), z.string()).describe("By claim, a text in which `*` is any text; all must be as said."),
} as const;

export const trust = z
  .object({ id: z.int(), ...trustFields, createdAt: time })
  .meta({ id: "Trust", description: "Whose ID tokens are as good as a secret of the robot." });

export const newTrust = z.strictObject(trustFields).meta({ id: "NewTrust" });
