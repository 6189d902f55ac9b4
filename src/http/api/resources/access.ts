import { explainAccess } from "../../../access/index.ts";
import { ownSubjectOf } from "../api-caller.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { explainQuery, explanation } from "../schemas/rules.ts";

export const ACCESS_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/access/explain",
    tag: "access",
    summary: "Say why somebody may do something, or may not",
    description: "For who may `settings:read` there; others are told about themselves, as far as they see it.",
    permission: "signed-in",
    query: explainQuery,
    response: explanation,
    async handle(call) {
      const { repository: path, action, tag } = call.query;
      const subject = call.query.subject ?? ownSubjectOf(call.caller) ?? "anonymous";
      const question = { subject, path, action, tag };
      const explained = await explainAccess(call.queries, await call.viewer(), question);
      const { permission, obstacle, visibility } = explained;
      return {
        body: {
          isPermitted: explained.isPermitted,
          permission: permission ?? null,
          obstacle: obstacle ?? null,
          subjects: [...explained.subjects],
          visibility: visibility ? { value: visibility.value, origin: visibility.origin ?? null } : null,
          chain: explained.chain.map((node) => ({
            node: node.node,
            visibility: node.visibility ?? null,
            roles: [...node.roles],
          })),
          grants: explained.grants.map((grant) => ({ ...grant, actions: [...grant.actions] })),
        },
      };
    },
  }),
];
