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
import { RegistryError } from "../../../oci/index.ts";
import { type ApiCaller, seesAll } from "../api-caller.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { grant, grantsQuery, newGrant } from "../schemas/rules.ts";
import { idParam, listOf, msOrNull, timeOf, timeOrNull } from "../schemas/words.ts";
import { pageOf } from "./pages.ts";

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
      const { queries } = call;
      const viewer = await call.viewer();
      const id = subject === undefined ? undefined : await subjectOf(queries, call.caller, subject);
      const wanted = (await listGrants(queries)).filter(
        (one) => one.id > Number(after) && (id === undefined || one.subject === id) && maySeeGrant(viewer, one),
      );
      const { items: shown, next } = pageOf(wanted, limit, (one) => String(one.id));
      const names = new SubjectNames(queries);
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
      const id = await createGrant(call.change, { ...fields, expiresAtMs });
      return { body: await getGrant(call.queries, await call.viewer(), id), location: `/grants/${id}` };
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
    handle: async (call) => ({ body: await getGrant(call.queries, await call.viewer(), call.params.id) }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/grants/{id}",
    tag,
    summary: "Take back a grant",
    permission: "signed-in",
    params,
    async handle(call) {
      await removeGrant(call.change, call.params.id);
      return { body: undefined };
    },
  }),
];

/** Only who may see all accounts hears that there is none of that name; to others it is one without grants. */
async function subjectOf(reads: Queries, caller: ApiCaller, name: string): Promise<string> {
  try {
    return await getSubject(reads, name);
  } catch (error) {
    const isUnknown = error instanceof RegistryError && error.kind === "not-found";
    if (!isUnknown || seesAll(caller)) throw error;
    return name;
  }
}

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
