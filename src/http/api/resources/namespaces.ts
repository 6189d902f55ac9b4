import type { z } from "zod";
import {
  deleteNamespace,
  getNode,
  listChildren,
  listMembers,
  type NamespaceNode,
  putMember,
  removeMember,
  setVisibility,
} from "../../../access/index.ts";
import { noteSettingsChange } from "../../../registry/index.ts";
import { atNode } from "../permission.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { childrenQuery, member, memberChange, namespace, namespaceChange } from "../schemas/rules.ts";
import { listOf, nodeParams, subjectName } from "../schemas/words.ts";

const memberParams = nodeParams.extend({ subject: subjectName });
const tag = "namespaces";

export const NAMESPACE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/namespaces",
    tag,
    summary: "List the namespaces right below another one",
    description: "Those that the caller may see, or something below which they may see.",
    permission: "signed-in",
    query: childrenQuery,
    response: listOf(namespace),
    async handle(call) {
      const { parent, after, limit } = call.query;
      const viewer = await call.viewer();
      await getNode(call.queries, viewer, parent);
      const { nodes, next } = await listChildren(call.queries, viewer, { parent, after, limit });
      return { body: { items: nodes.map(showNode) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}",
    tag,
    summary: "Show a namespace with the settings that hold for it, and which node each is from",
    permission: atNode("see"),
    params: nodeParams,
    response: namespace,
    current,
    handle: async (call) => ({ body: await current(call) }),
  }),
  defineRoute({
    method: "PUT",
    path: "/namespaces/{path}",
    tag,
    summary: "Say what holds for a namespace and all below it",
    description: "A namespace that is nowhere yet is begun by who may `namespaces:write` there.",
    permission: atNode("settings:write"),
    params: nodeParams,
    body: namespaceChange,
    response: namespace,
    current,
    handle: async ({ change, params, body }) => ({
      body: showNode(await setVisibility(change, { ...params, ...body })),
    }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/namespaces/{path}",
    tag,
    summary: "Remove what a namespace says itself, its members and settings included",
    description: "What is below it stays, and so do repositories: what held by it then is as the node above says.",
    permission: atNode("namespaces:write"),
    params: nodeParams,
    current,
    async handle(call) {
      const {
        change,
        params: { path: node },
      } = call;
      await deleteNamespace(change, node);
      await noteSettingsChange(change.queries, { node, nowMs: change.nowMs });
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/members",
    tag,
    summary: "List who has a role on a namespace, there or from above",
    permission: atNode("settings:read"),
    params: nodeParams,
    response: listOf(member),
    async handle(call) {
      const members = await listMembers(call.queries, await call.viewer(), call.params.path);
      return { body: { items: [...members] } };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/namespaces/{path}/members/{subject}",
    tag,
    summary: "Give a role on a namespace and all below it",
    description: "Nobody gives more than they have, nor changes the role of who has more.",
    permission: atNode("members:write"),
    params: memberParams,
    body: memberChange,
    response: member,
    async handle(call) {
      const { path, subject } = call.params;
      const { role } = call.body;
      await putMember(call.change, { path, subject, role });
      return { body: { subject, role, origin: path } };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/namespaces/{path}/members/{subject}",
    tag,
    summary: "Take back a role that was given on a namespace",
    permission: atNode("members:write"),
    params: memberParams,
    async handle(call) {
      await removeMember(call.change, call.params);
      return { body: undefined };
    },
  }),
];

function showNode({ path, visibility, hasRules }: NamespaceNode) {
  const { value, origin } = visibility;
  return { path, settings: { visibility: { value, origin: origin ?? null } }, hasRules };
}

async function current({ queries, viewer, params: { path } }: ApiCall<z.output<typeof nodeParams>>) {
  return showNode(await getNode(queries, await viewer(), path));
}
