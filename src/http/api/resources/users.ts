import { z } from "zod";
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  getUser,
  listGroupsOf,
  listPersonalTokens,
  listUsers,
  resetPassword,
  revokePersonalToken,
  updateUser,
  type User,
} from "../../../access/index.ts";
import { findAccountRecord, type Queries } from "../../../metadata/index.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { newUser, passwordReset, secret, user, userChange } from "../schemas/people.ts";
import { group } from "../schemas/teams.ts";
import { idParam, listOf, pageQuery, timeOf, timeOrNull } from "../schemas/words.ts";
import { accountsOf, together } from "./accounts.ts";
import { showGroup } from "./groups.ts";
import { readPage } from "./pages.ts";
import { showSecret } from "./secrets.ts";

const tag = "users";
const params = z.strictObject({ name: z.string().min(1).max(255) });
const administrator = { system: "administrator" } as const;
const auditor = { system: "auditor" } as const;

export const USER_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/users",
    tag,
    summary: "List users",
    permission: auditor,
    query: pageQuery,
    response: listOf(user),
    async handle(call) {
      const { items, next } = await readPage(call.query, (page) => listUsers(accountsOf(call), page));
      return { body: { items: items.map(showUser) }, next };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/users",
    tag,
    summary: "Make a user whose password the registry keeps",
    permission: administrator,
    body: newUser,
    response: user,
    async handle(call) {
      const made = await createUser(accountsOf(call), call.body, call.caller.by);
      return { body: showUser(made), location: `/users/${encodeURIComponent(made.name)}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/users/{name}",
    tag,
    summary: "Show a user",
    permission: auditor,
    params,
    response: user,
    version: versionOf,
    handle: async (call) => ({ body: showUser(await getUser(accountsOf(call), call.params.name)) }),
  }),
  defineRoute({
    method: "PATCH",
    path: "/users/{name}",
    tag,
    summary: "Change a user, disable or enable them",
    permission: administrator,
    params,
    body: userChange,
    response: user,
    version: versionOf,
    async handle(call) {
      const { name } = call.params;
      const { isDisabled, ...changes } = call.body;
      const { by } = call.caller;
      const changed = await together(accountsOf(call), async (accounts) => {
        if (Object.keys(changes).length > 0) await updateUser(accounts, { name, changes }, by);
        if (isDisabled === undefined) return getUser(accounts, name);
        return isDisabled ? disableUser(accounts, name, by) : enableUser(accounts, name, by);
      });
      return { body: showUser(changed) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/users/{name}",
    tag,
    summary: "Delete a user with memberships, roles, grants, tokens and sessions",
    permission: administrator,
    params,
    version: versionOf,
    async handle(call) {
      await deleteUser(accountsOf(call), call.params.name, call.caller.by);
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/users/{name}/password",
    tag,
    summary: "Give a user a password that is good for nothing but to be changed",
    description: "All tokens of the user end, and a lock-out.",
    permission: administrator,
    params,
    body: passwordReset,
    async handle(call) {
      const { name } = call.params;
      await resetPassword(accountsOf(call), { name, password: call.body.password }, call.caller.by);
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/users/{name}/groups",
    tag,
    summary: "List the groups that a user is in",
    permission: auditor,
    params,
    response: listOf(group),
    async handle(call) {
      const accounts = accountsOf(call);
      const { id } = await getUser(accounts, call.params.name);
      return { body: { items: (await listGroupsOf(accounts, id)).map(showGroup) } };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/users/{name}/tokens",
    tag,
    summary: "List a user's personal tokens",
    permission: auditor,
    params,
    response: listOf(secret),
    async handle(call) {
      const tokens = await listPersonalTokens(accountsOf(call), call.params.name);
      return { body: { items: tokens.map(showSecret) } };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/users/{name}/tokens/{id}",
    tag,
    summary: "Revoke a user's personal token",
    permission: administrator,
    params: params.extend({ id: idParam }),
    async handle(call) {
      const { name, id } = call.params;
      await revokePersonalToken(accountsOf(call), { user: name, id }, call.caller.by);
      return { body: undefined };
    },
  }),
];

export function showUser(shown: User): z.input<typeof user> {
  return {
    name: shown.name,
    source: shown.source,
    displayName: shown.displayName ?? null,
    email: shown.email ?? null,
    systemRole: shown.systemRole ?? null,
    isDisabled: shown.isDisabled,
    mustChangePassword: shown.mustChangePassword,
    createdAt: timeOf(shown.createdAtMs),
    updatedAt: timeOf(shown.updatedAtMs),
    lastUsedAt: timeOrNull(shown.lastUsedAtMs),
  };
}

async function versionOf(queries: Queries, { name }: { readonly name: string }): Promise<string | undefined> {
  return accountVersion(queries, name, "user");
}

/** Of what a change changes: not of the time of the last use. */
export async function accountVersion(
  queries: Queries,
  name: string,
  kind: "user" | "robot",
): Promise<string | undefined> {
  const record = await findAccountRecord(queries, name);
  if (record?.kind !== kind) return undefined;
  const { lastUsedAtMs: _, passwordHash: __, ...shown } = record;
  return JSON.stringify(shown);
}
