import { z } from "zod";
import {
  createRobot,
  deleteRobot,
  getNode,
  getRobot,
  listRobots,
  type Robot,
  updateRobot,
} from "../../../access/index.ts";
import { atNode } from "../permission.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { newRobot, robot, robotChange } from "../schemas/teams.ts";
import { listOf, msOrNull, nodeParams, pageQuery, timeOf, timeOrNull } from "../schemas/words.ts";
import { readPage } from "./pages.ts";

const tag = "robots";
export const robotParams = z.strictObject({
  name: z
    .string()
    .regex(/^[^+]*\+[^+]+$/, "a robot's name is <namespace>+<name>")
    .describe("Percent-encoded, such as `team%2Fapp%2Bci`."),
});

/** The node that a robot of this name belongs to. */
export function ownerOf({ name }: { readonly name: string }): string {
  return name.slice(0, name.lastIndexOf("+"));
}

export const ROBOT_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/robots",
    tag,
    summary: "List all robots",
    permission: { system: "auditor" },
    query: pageQuery,
    response: listOf(robot),
    async handle(call) {
      const { items, next } = await readPage(call.query, (page) => listRobots(call.queries, page));
      return { body: { items: items.map(showRobot) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/robots",
    tag,
    summary: "List the robots of a namespace",
    permission: atNode("settings:read"),
    params: nodeParams,
    query: pageQuery,
    response: listOf(robot),
    async handle(call) {
      const { path: ownerPath } = call.params;
      const { items, next } = await readPage(call.query, (page) => listRobots(call.queries, { ...page, ownerPath }));
      return { body: { items: items.map(showRobot) }, next };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/namespaces/{path}/robots",
    tag,
    summary: "Make a robot, which can do nothing before it is given roles or grants",
    permission: atNode("members:write"),
    params: nodeParams,
    body: newRobot,
    response: robot,
    async handle(call) {
      const { path: ownerPath } = call.params;
      await getNode(call.queries, await call.viewer(), ownerPath);
      const { expiresAt, ...fields } = call.body;
      const made = { ...fields, ownerPath, expiresAtMs: msOrNull(expiresAt) ?? undefined };
      const body = showRobot(await createRobot(call.change, made));
      return { body, location: `/robots/${encodeURIComponent(body.name)}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/robots/{name}",
    tag,
    summary: "Show a robot",
    permission: { node: ownerOf, action: "settings:read" },
    params: robotParams,
    response: robot,
    current,
    handle: async (call) => ({ body: await current(call) }),
  }),
  defineRoute({
    method: "PATCH",
    path: "/robots/{name}",
    tag,
    summary: "Change a robot, disable or enable it",
    description: "For who has, where it belongs, all that it was given there.",
    permission: { node: ownerOf, action: "members:write" },
    params: robotParams,
    body: robotChange,
    response: robot,
    current,
    async handle(call) {
      const { expiresAt, ...rest } = call.body;
      const changes = { ...rest, ...(expiresAt !== undefined && { expiresAtMs: msOrNull(expiresAt) }) };
      return { body: showRobot(await updateRobot(call.change, call.params.name, changes)) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/robots/{name}",
    tag,
    summary: "Delete a robot with its secrets and all that it was given",
    permission: { node: ownerOf, action: "members:write" },
    params: robotParams,
    current,
    async handle(call) {
      await deleteRobot(call.change, call.params.name);
      return { body: undefined };
    },
  }),
];

function showRobot({ name, ownerPath, description, isDisabled, ...times }: Robot): z.input<typeof robot> {
  return {
    name,
    namespace: ownerPath,
    description: description ?? null,
    isDisabled,
    createdAt: timeOf(times.createdAtMs),
    updatedAt: timeOf(times.updatedAtMs),
    expiresAt: timeOrNull(times.expiresAtMs),
    lastUsedAt: timeOrNull(times.lastUsedAtMs),
  };
}

async function current({
  queries,
  params: { name },
}: ApiCall<{ readonly name: string }>): Promise<z.input<typeof robot>> {
  return showRobot(await getRobot(queries, name));
}
