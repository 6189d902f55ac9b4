import { z } from "zod";
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  getUser,
  hashNewPassword,
  listGroupsOf,
  listPersonalTokens,
  listUsers,
  resetPassword,
  revokePersonalToken,
  updateUser,
  type User,
} from "../../../access/index.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { newUser, passwordReset, secret, user, userChange } from "../schemas/people.ts";
import { group } from "../schemas/teams.ts";
import { idParam, listOf, pageQuery, timeOf, timeOrNull } from "../schemas/words.ts";
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
      const { items, next } = await readPage(call.query, (page) => listUsers(call.queries, page));
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
    prepare: ({ parts, body }) => hashNewPassword(parts.accounts, body),
    async handle({ change, body, prepared: passwordHash }) {
      const made = await createUser(change, { ...body, passwordHash });
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
    current,
    handle: async (call) => ({ body: await current(call) }),
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
    current,
    async handle(call) {
      const { change } = call;
      const { name } = call.params;
      const { isDisabled, ...changes } = call.body;
      if (Object.keys(changes).length > 0) await updateUser(change, name, changes);
      if (isDisabled !== undefined) await (isDisabled ? disableUser : enableUser)(change, name);
      return { body: await current(call) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/users/{name}",
    tag,
    summary: "Delete a user with memberships, roles, grants, tokens and sessions",
    permission: administrator,
    params,
    current,
    async handle(call) {
      await deleteUser(call.change, call.params.name);
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/users/{name}/password",
    tag,
    summary: "Give a user a password that is good for nothing but to be changed",
    description: "All sessions and tokens of the user end, personal tokens too, and a lock-out.",
    permission: administrator,
    params,
    body: passwordReset,
    prepare: ({ parts, params: { name }, body }) => hashNewPassword(parts.accounts, { name, ...body }),
    async handle({ parts, change, params: { name }, prepared: passwordHash }) {
      await resetPassword(change, { name, passwordHash }, parts.accounts);
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
      const { id } = await getUser(call.queries, call.params.name);
      return { body: { items: (await listGroupsOf(call.queries, id)).map(showGroup) } };
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
      const tokens = await listPersonalTokens(call.queries, call.params.name);
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
      await revokePersonalToken(call.change, { user: name, id });
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

async function current({ queries, params: { name } }: ApiCall<z.output<typeof params>>): Promise<z.input<typeof user>> {
  return showUser(await getUser(queries, name));
}
