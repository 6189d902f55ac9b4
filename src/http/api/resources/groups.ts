import { z } from "zod";
import {
  addGroupMapping,
  addGroupMember,
  createGroup,
  deleteGroup,
  deleteGroupMapping,
  deleteGroupMember,
  getGroup,
  type Group,
  listGroupMappings,
  listGroupMembers,
  listGroups,
  updateGroup,
} from "../../../access/index.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { group, groupChange, groupMapping, groupMember, newGroup } from "../schemas/teams.ts";
import { listOf, pageQuery, timeOf } from "../schemas/words.ts";
import { readPage } from "./pages.ts";

const tag = "groups";
const params = z.strictObject({ name: z.string().min(1).max(255) });
const memberParams = params.extend({ member: z.string().min(1).max(400).describe("A user's name, or a robot's.") });
const administrator = { system: "administrator" } as const;
const auditor = { system: "auditor" } as const;

export const GROUP_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/groups",
    tag,
    summary: "List groups",
    permission: auditor,
    query: pageQuery,
    response: listOf(group),
    async handle(call) {
      const { items, next } = await readPage(call.query, (page) => listGroups(call.queries, page));
      return { body: { items: items.map(showGroup) }, next };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/groups",
    tag,
    summary: "Make a group",
    permission: administrator,
    body: newGroup,
    response: group,
    async handle(call) {
      const made = await createGroup(call.change, call.body);
      return { body: showGroup(made), location: `/groups/${encodeURIComponent(made.name)}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/groups/{name}",
    tag,
    summary: "Show a group",
    permission: auditor,
    params,
    response: group,
    current,
    handle: async (call) => ({ body: await current(call) }),
  }),
  defineRoute({
    method: "PATCH",
    path: "/groups/{name}",
    tag,
    summary: "Change a group or its name",
    permission: administrator,
    params,
    body: groupChange,
    response: group,
    current,
    handle: async (call) => ({ body: showGroup(await updateGroup(call.change, call.params.name, call.body)) }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/groups/{name}",
    tag,
    summary: "Delete a group with all that it was given",
    permission: administrator,
    params,
    current,
    async handle(call) {
      await deleteGroup(call.change, call.params.name);
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/groups/{name}/members",
    tag,
    summary: "List who is in a group",
    permission: auditor,
    params,
    query: pageQuery,
    response: listOf(groupMember),
    async handle(call) {
      const { name } = call.params;
      const { items, next } = await readPage(call.query, (page) => listGroupMembers(call.queries, name, page));
      return { body: { items: items.map(({ name, kind, sources }) => ({ name, kind, sources: [...sources] })) }, next };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/groups/{name}/members/{member}",
    tag,
    summary: "Put a user or a robot into a group",
    permission: administrator,
    params: memberParams,
    async handle(call) {
      const { name, member } = call.params;
      await addGroupMember(call.change, { group: name, member });
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/groups/{name}/members/{member}",
    tag,
    summary: "Take a user or a robot out of a group",
    permission: administrator,
    params: memberParams,
    async handle(call) {
      const { name, member } = call.params;
      await deleteGroupMember(call.change, { group: name, member });
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/groups/{name}/mappings",
    tag,
    summary: "List whose groups are this one",
    permission: auditor,
    params,
    response: listOf(groupMapping),
    async handle(call) {
      const mappings = await listGroupMappings(call.queries, call.params.name);
      return { body: { items: mappings.map(({ source, externalName }) => ({ source, externalName })) } };
    },
  }),
  defineRoute({
    method: "PUT",
    path: "/groups/{name}/mappings",
    tag,
    summary: "Say that a group of a directory or a provider is this one",
    permission: administrator,
    params,
    body: groupMapping,
    async handle(call) {
      await addGroupMapping(call.change, { group: call.params.name, ...call.body });
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/groups/{name}/mappings",
    tag,
    summary: "Say that a group of a directory or a provider is this one no longer",
    description: "Whom it has put into the group are out of it at once.",
    permission: administrator,
    params,
    query: groupMapping,
    async handle(call) {
      await deleteGroupMapping(call.change, { group: call.params.name, ...call.query });
      return { body: undefined };
    },
  }),
];

export function showGroup({ name, description, createdAtMs, updatedAtMs }: Group): z.input<typeof group> {
  return { name, description: description ?? null, createdAt: timeOf(createdAtMs), updatedAt: timeOf(updatedAtMs) };
}

async function current({
  queries,
  params: { name },
}: ApiCall<z.output<typeof params>>): Promise<z.input<typeof group>> {
  return showGroup(await getGroup(queries, name));
}
