import { z } from "zod";
import { SYSTEM_ROLES } from "../../../access/index.ts";
import { action, subjectName, time } from "./words.ts";

const systemRole = z
  .enum(SYSTEM_ROLES)
  .describe("For the whole registry: an administrator may do everything, an auditor see everything.");
const password = z.string().min(1).max(1024);

export const user = z
  .object({
    name: z.string(),
    source: z.string().describe("Who knows the password: `local`, `htpasswd`, `ldap:<server>`, `oidc:<provider>`."),
    displayName: z.string().nullable(),
    email: z.string().nullable(),
    systemRole: systemRole.nullable(),
    isDisabled: z.boolean(),
    mustChangePassword: z.boolean(),
    createdAt: time,
    updatedAt: time,
    lastUsedAt: time.nullable().describe("True to a minute."),
  })
  .meta({ id: "User" });

export const newUser = z
  .strictObject({
    name: z.string(),
    password,
    displayName: z.string().optional(),
    email: z.string().optional(),
    systemRole: systemRole.optional(),
    mustChangePassword: z
      .boolean()
      .default(true)
      .describe("Whether the password is good for nothing but to be changed."),
  })
  .meta({ id: "NewUser", description: "A user whose password the registry keeps." });

export const userChange = z
  .strictObject({
    displayName: z.string().nullable().optional(),
    email: z.string().nullable().optional(),
    systemRole: systemRole.nullable().optional(),
    isDisabled: z.boolean().optional().describe("A disabled user can do nothing, from now on and with every token."),
  })
  .meta({ id: "UserChange", description: "What is absent stays." });

export const passwordReset = z.strictObject({ password }).meta({ id: "PasswordReset" });
export const passwordChange = z
  .strictObject({ oldPassword: password, newPassword: password })
  .meta({ id: "PasswordChange" });

const limits = z
  .array(z.strictObject({ pathPattern: z.string().min(1).max(255), actions: z.array(action).min(1) }))
  .max(100)
  .describe("What it is good for at most; empty: for all that its account may do.");

const secretFields = {
  id: z.int(),
  name: z.string(),
  limits,
  createdAt: time,
  expiresAt: time.nullable().describe("`null`: for good."),
  lastUsedAt: time.nullable().describe("True to a minute."),
} as const;

export const secret = z.object(secretFields).meta({ id: "Secret", description: "A password that the registry made." });

export const createdSecret = z
  .object({ ...secretFields, secret: z.string().describe("What goes into the place of a password. It is shown once.") })
  .meta({ id: "CreatedSecret" });

const newSecretFields = { name: z.string(), expiresAt: time.nullable().default(null) } as const;

export const newRobotSecret = z.strictObject(newSecretFields).meta({ id: "NewRobotSecret" });
export const newPersonalToken = z
  .strictObject({ ...newSecretFields, limits: limits.default([]) })
  .meta({ id: "NewPersonalToken" });

export const me = z
  .object({
    subject: subjectName.nullable().describe("`null`: nobody who has an account."),
    name: z.string().nullable(),
    user: user.nullable().describe("`null`: a robot, or nobody who has an account."),
    systemRole: systemRole.nullable(),
    groups: z.array(z.string()),
    isLimited: z.boolean().describe("Whether what the caller came with is good for some things only."),
  })
  .meta({ id: "Me" });

export const permissions = z
  .object({ path: z.string(), actions: z.array(z.string()) })
  .meta({ id: "Permissions", description: "What the caller may do with a repository or a namespace." });
