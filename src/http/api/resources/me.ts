import { z } from "zod";
import {
  ACTIONS,
  changePassword,
  createPersonalToken,
  findUser,
  listGroupsOf,
  listPersonalTokens,
  proveOldPassword,
  revokePersonalToken,
} from "../../../access/index.ts";
import { RegistryError } from "../../../oci/index.ts";
import { type ApiCaller, ownSubjectOf } from "../api-caller.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { createdSecret, me, newPersonalToken, passwordChange, permissions, secret } from "../schemas/people.ts";
import { idParam, listOf, msOrNull, nodePath } from "../schemas/words.ts";
import { showSecret } from "./secrets.ts";
import { showUser } from "./users.ts";

const tag = "me";

export const ME_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/me",
    tag,
    summary: "Say who asks",
    permission: "self",
    response: me,
    async handle(call) {
      const { account, by, isLimited } = call.caller;
      const user = account?.kind === "user" ? await findUser(call.queries, account.name) : undefined;
      const groups = account ? await listGroupsOf(call.queries, account.id) : [];
      return {
        body: {
          subject: ownSubjectOf(call.caller) ?? null,
          name: account?.name ?? by.actor ?? null,
          user: user ? showUser(user) : null,
          systemRole: account?.systemRole ?? null,
          groups: groups.map(({ name }) => name),
          isLimited,
        },
      };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/me/permissions",
    tag,
    summary: "Say what the caller may do with a repository or a namespace",
    permission: "self",
    query: z.strictObject({ path: nodePath }),
    response: permissions,
    async handle({ caller, query: { path } }) {
      return { body: { path, actions: ACTIONS.filter((action) => caller.may(action, path)) } };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/me/password",
    tag,
    summary: "Change one's own password",
    description: "All sessions and tokens end, except personal tokens: revoke those that are not to stay.",
    permission: "self",
    body: passwordChange,
    prepare: ({ parts, caller, body }) =>
      proveOldPassword(parts.accounts, { name: requireUser(caller), ...body }, caller.by),
    async handle({ parts, change, prepared }) {
      await changePassword(change, prepared, parts.accounts);
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/me/tokens",
    tag,
    summary: "List one's own personal tokens",
    permission: "signed-in",
    response: listOf(secret),
    async handle(call) {
      const tokens = await listPersonalTokens(call.queries, requireUser(call.caller));
      return { body: { items: tokens.map(showSecret) } };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/me/tokens",
    tag,
    summary: "Make a personal token: a password for one program",
    description: "For who came with their password or by a browser's session: a token makes no other tokens.",
    permission: "signed-in",
    body: newPersonalToken,
    response: createdSecret,
    showsSecret: true,
    async handle(call) {
      const { caller, body } = call;
      const user = requireUser(caller);
      if (!caller.isByPassword && !caller.isBySession)
        throw new RegistryError("denied", "a token makes no other tokens: send your password");
      const { name, limits, expiresAt } = body;
      const token = { user, name, limits, expiresAtMs: msOrNull(expiresAt) ?? undefined };
      const { secret, text } = await createPersonalToken(call.change, token, call.parts.accounts.random);
      return { body: { ...showSecret(secret), secret: text }, location: `/me/tokens/${secret.id}` };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/me/tokens/{id}",
    tag,
    summary: "Revoke one's own personal token",
    permission: "signed-in",
    params: z.strictObject({ id: idParam }),
    async handle(call) {
      const { id } = call.params;
      await revokePersonalToken(call.change, { user: requireUser(call.caller), id });
      return { body: undefined };
    },
  }),
];

function requireUser({ account }: ApiCaller): string {
  if (account?.kind === "user") return account.name;
  throw new RegistryError("denied", "this is for users, who have an account of their own");
}
