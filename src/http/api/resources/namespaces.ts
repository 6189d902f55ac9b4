import { z } from "zod";
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
import { findNamespace, type Queries } from "../../../metadata/index.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { childrenQuery, member, memberChange, namespace, namespaceChange } from "../schemas/rules.ts";
import { listOf, nodeParam, subjectName } from "../schemas/words.ts";
import { bookOf, rulerOf, viewerOf } from "./viewer.ts";

const params = z.strictObject({ path: nodeParam });
const memberParams = z.strictObject({ path: nodeParam, subject: subjectName });
const tag = "namespaces";

const pathOf = ({ path }: { readonly path: string }) => path;

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
      const viewer = await viewerOf(call);
      await getNode(call.metadata.reads, viewer, parent);
      const { nodes, next } = await listChildren(call.metadata.reads, viewer, { parent, after, limit });
      return { body: { items: nodes.map(showNode) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}",
    tag,
    summary: "Show a namespace with the settings that hold for it, and which node each is from",
    permission: { node: pathOf, action: "see" },
    params,
    response: namespace,
    version: versionOf,
    handle: async (call) => ({
      body: showNode(await getNode(call.metadata.reads, await viewerOf(call), call.params.path)),
    }),
  }),
  defineRoute({
    method: "PUT",
    path: "/namespaces/{path}",
    tag,
    summary: "Say what holds for a namespace and all below it",
    description: "A namespace that is nowhere yet is begun by who may `namespaces:write` there.",
    permission: { node: pathOf, action: "settings:write" },
    params,
    body: namespaceChange,
    response: namespace,
    version: versionOf,
    async handle(call) {
      const { path } = call.params;
      await setVisibility(bookOf(call), { path, visibility: call.body.visibility }, rulerOf(call));
      return { body: showNode(await getNode(call.metadata.reads, await viewerOf(call), path)) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/namespaces/{path}",
    tag,
    summary: "Remove what a namespace says itself, its members included",
    description: "What is below it stays, and so do repositories: what held by it then is as the node above says.",
    permission: { node: pathOf, action: "namespaces:write" },
    params,
    version: versionOf,
    async handle(call) {
      await deleteNamespace(bookOf(call), call.params.path, rulerOf(call));
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/members",
    tag,
    summary: "List who has a role on a namespace, there or from above",
    permission: { node: pathOf, action: "settings:read" },
    params,
    response: listOf(member),
    async handle(call) {
      const members = await listMembers(call.metadata.reads, await viewerOf(call), call.params.path);
      return { body: { items: [...members] } };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/namespaces/{path}/members/{subject}",
    tag,
    summary: "Give a role on a namespace and all below it",
    description: "Nobody gives more than they have, nor changes the role of who has more.",
    permission: { node: pathOf, action: "members:write" },
    params: memberParams,
    body: memberChange,
    response: member,
    async handle(call) {
      const { path, subject } = call.params;
      const { role } = call.body;
      await putMember(bookOf(call), { path, subject, role }, rulerOf(call));
      return { body: { subject, role, origin: path } };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/namespaces/{path}/members/{subject}",
    tag,
    summary: "Take back a role that was given on a namespace",
    permission: { node: pathOf, action: "members:write" },
    params: memberParams,
    async handle(call) {
      await removeMember(bookOf(call), call.params, rulerOf(call));
      return { body: undefined };
    },
  }),
];

function showNode({ path, visibility, hasRules }: NamespaceNode) {
  const { value, origin } = visibility;
  return { path, settings: { visibility: { value, origin: origin ?? null } }, hasRules };
}

/** Of the settings that the node says itself. */
async function versionOf(queries: Queries, { path }: { readonly path: string }): Promise<string> {
  const row = await findNamespace(queries, path);
  return JSON.stringify([path, row?.visibility ?? null, row?.updatedAtMs ?? 0]);
}
