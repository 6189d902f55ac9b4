import { z } from "zod";
import {
  createGrant,
  getSubject,
  grantNotFound,
  maySeeGrant,
  removeGrant,
  SubjectNames,
  type Viewer,
} from "../../../access/index.ts";
import { findGrant, type GrantRecord, listGrants, type Queries } from "../../../metadata/index.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { grant, grantsQuery, newGrant } from "../schemas/rules.ts";
import { idParam, listOf, msOrNull, timeOf, timeOrNull } from "../schemas/words.ts";
import { bookOf, rulerOf, viewerOf } from "./viewer.ts";

const tag = "grants";
const params = z.strictObject({ id: idParam });

export const GRANT_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/grants",
    tag,
    summary: "List grants",
    description: "Those on namespaces whose members the caller decides about.",
    permission: "signed-in",
    query: grantsQuery,
    response: listOf(grant),
    async handle(call) {
      const { subject, after, limit } = call.query;
      const viewer = await viewerOf(call);
      const { reads } = call.metadata;
      const id = subject === undefined ? undefined : await getSubject(reads, subject);
      const wanted = (await listGrants(reads)).filter(
        (one) => one.id > Number(after) && (id === undefined || one.subject === id) && maySeeGrant(viewer, one),
      );
      const shown = wanted.slice(0, limit);
      const next = wanted.length > limit ? String(shown.at(-1)?.id) : undefined;
      const names = new SubjectNames(reads);
      return { body: { items: await Promise.all(shown.map((one) => showGrant(one, names))) }, next };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/grants",
    tag,
    summary: "Grant some actions on what matches a pattern",
    description:
      "For who could give a role with these actions on the namespace that holds everything that the pattern may match.",
    permission: "signed-in",
    body: newGrant,
    response: grant,
    async handle(call) {
      const { expiresAt, ...fields } = call.body;
      const expiresAtMs = msOrNull(expiresAt);
      const id = await createGrant(bookOf(call), { ...fields, expiresAtMs }, rulerOf(call));
      return { body: await getGrant(call.metadata.reads, await viewerOf(call), id), location: `/grants/${id}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/grants/{id}",
    tag,
    summary: "Show a grant",
    permission: "signed-in",
    params,
    response: grant,
    handle: async (call) => ({ body: await getGrant(call.metadata.reads, await viewerOf(call), call.params.id) }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/grants/{id}",
    tag,
    summary: "Take back a grant",
    permission: "signed-in",
    params,
    async handle(call) {
      await removeGrant(bookOf(call), call.params.id, rulerOf(call));
      return { body: undefined };
    },
  }),
];

async function getGrant(queries: Queries, viewer: Viewer, id: number) {
  const found = await findGrant(queries, id);
  if (!found || !maySeeGrant(viewer, found)) throw grantNotFound(id);
  return showGrant(found, new SubjectNames(queries));
}

async function showGrant(record: GrantRecord, names: SubjectNames): Promise<z.input<typeof grant>> {
  const { id, pathPattern, tagPattern, actions } = record;
  return {
    id,
    subject: await names.of(record.subject),
    pathPattern,
    tagPattern,
    actions: actions as z.input<typeof grant>["actions"],
    createdAt: timeOf(record.createdAtMs),
    expiresAt: timeOrNull(record.expiresAtMs),
  };
}
