import {
  addRobotTrust,
  createRobotSecret,
  deleteRobotTrust,
  listRobotSecrets,
  listRobotTrusts,
  revokeRobotSecret,
  type RobotTrust,
} from "../../../access/index.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { createdSecret, newRobotSecret, secret } from "../schemas/people.ts";
import { newTrust, trust } from "../schemas/teams.ts";
import { idParam, listOf, msOrNull, timeOf } from "../schemas/words.ts";
import { ownerOf, robotParams } from "./robots.ts";
import { showSecret } from "./secrets.ts";

const tag = "robots";
const idParams = robotParams.extend({ id: idParam });
const description = "For who has, where the robot belongs, all that it was given there.";
const mayRead = { node: ownerOf, action: "settings:read" } as const;
const mayChange = { node: ownerOf, action: "members:write" } as const;

export const ROBOT_SECRET_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/robots/{name}/secrets",
    tag,
    summary: "List a robot's secrets, without themselves",
    permission: mayRead,
    params: robotParams,
    response: listOf(secret),
    async handle(call) {
      const secrets = await listRobotSecrets(call.queries, call.params.name);
      return { body: { items: secrets.map(showSecret) } };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/robots/{name}/secrets",
    tag,
    summary: "Make a secret of a robot, beside those that it has",
    description,
    permission: mayChange,
    params: robotParams,
    body: newRobotSecret,
    response: createdSecret,
    showsSecret: true,
    async handle(call) {
      const { name: robot } = call.params;
      const { name, expiresAt } = call.body;
      const wanted = { robot, name, expiresAtMs: msOrNull(expiresAt) ?? undefined };
      const { secret, text } = await createRobotSecret(call.change, wanted, call.parts.accounts.random);
      const location = `/robots/${encodeURIComponent(robot)}/secrets/${secret.id}`;
      return { body: { ...showSecret(secret), secret: text }, location };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/robots/{name}/secrets/{id}",
    tag,
    summary: "Revoke a secret of a robot",
    permission: mayChange,
    params: idParams,
    async handle(call) {
      const { name: robot, id } = call.params;
      await revokeRobotSecret(call.change, { robot, id });
      return { body: undefined };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/robots/{name}/trusts",
    tag,
    summary: "List whose ID tokens are as good as a secret of a robot",
    permission: mayRead,
    params: robotParams,
    response: listOf(trust),
    async handle(call) {
      const trusts = await listRobotTrusts(call.queries, call.params.name);
      return { body: { items: trusts.map(showTrust) } };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/robots/{name}/trusts",
    tag,
    summary: "Let the ID tokens of some jobs be as good as a secret of a robot",
    description,
    permission: mayChange,
    params: robotParams,
    body: newTrust,
    response: trust,
    async handle(call) {
      const { name: robot } = call.params;
      const made = await addRobotTrust(call.change, { robot, ...call.body });
      return { body: showTrust(made), location: `/robots/${encodeURIComponent(robot)}/trusts/${made.id}` };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/robots/{name}/trusts/{id}",
    tag,
    summary: "Take back whose ID tokens are as good as a secret",
    permission: mayChange,
    params: idParams,
    async handle(call) {
      const { name: robot, id } = call.params;
      await deleteRobotTrust(call.change, { robot, id });
      return { body: undefined };
    },
  }),
];

function showTrust({ id, issuer, audience, claims, createdAtMs }: RobotTrust) {
  return { id, issuer, audience, claims: { ...claims }, createdAt: timeOf(createdAtMs) };
}
