import { type Command, InvalidArgumentError } from "commander";
import { COMMAND } from "../../app/index.ts";
import type { ApiCreatedSecret, ApiRobot, ApiSecret, ApiTrust } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { at } from "../remote/api-client.ts";
import { nodeInPath, showNode } from "../remote/names.ts";
import { Noun } from "../remote/noun.ts";
import { END_OPTION } from "../remote/parse-end.ts";
import type { Columns } from "../table.ts";
import { SECRET_COLUMNS } from "./token-commands.ts";

const ROBOT_COLUMNS: Columns<ApiRobot> = {
  name: (robot) => robot.name,
  namespace: (robot) => showNode(robot.namespace),
  description: (robot) => robot.description,
  state: (robot) => (robot.isDisabled ? "disabled" : "active"),
  expires: (robot) => robot.expiresAt ?? "never",
  "last used": (robot) => robot.lastUsedAt,
};

const TRUST_COLUMNS: Columns<ApiTrust> = {
  id: (trust) => trust.id,
  issuer: (trust) => trust.issuer,
  audience: (trust) => trust.audience,
  claims: (trust) =>
    Object.entries(trust.claims)
      .map((claim) => claim.join("="))
      .join(", "),
};

interface NewRobotFlags {
  readonly description?: string;
  readonly expires?: string | null;
}

interface TrustFlags {
  readonly audience: string;
  readonly claim: Readonly<Record<string, string>>;
}

/** `berth robot …` */
export function registerRobotCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("robot").description("administer robots: programs that sign in, such as CI jobs");
  const noun = new Noun(command, surroundings);
  registerRobots(noun);
  registerSecrets(noun);
  registerTrusts(noun);
}

function registerRobots(noun: Noun): void {
  noun
    .verb("list [namespace]", "list all robots, or those of a namespace", async ({ client, out }, node) => {
      const path = node === undefined ? "/robots" : at`/namespaces/${nodeInPath(node)}/robots`;
      out.list(await client.list<ApiRobot>(path), ROBOT_COLUMNS);
    })
    .verb("show <robot>", "show a robot", async ({ client, out }, robot = "") =>
      out.record(await client.get<ApiRobot>(at`/robots/${robot}`), ROBOT_COLUMNS),
    )
    .verb<NewRobotFlags>(
      "create <namespace> <name>",
      "make a robot of a namespace, which can do nothing before it is given roles or grants",
      async ({ client, out, flags }, node = "", name = "") => {
        const { description, expires: expiresAt = null } = flags;
        const robot = await client.post<ApiRobot>(at`/namespaces/${nodeInPath(node)}/robots`, {
          name,
          description,
          expiresAt,
        });
        out.done(
          `Made ${robot.name}. Next: ${COMMAND} namespace set-role ${node} ${robot.name} writer, ${COMMAND} robot create-secret ${robot.name} <name>`,
          robot,
        );
      },
      (verb) => verb.option("--description <text>", "what it is for").option(...END_OPTION),
    )
    .verb(
      "disable <robot>",
      "take away all that a robot can do, at once",
      async ({ client, out, confirm }, robot = "") => {
        await confirm(`Disable ${robot}?`);
        out.done(`Disabled ${robot}.`, await client.patch<ApiRobot>(at`/robots/${robot}`, { isDisabled: true }));
      },
    )
    .verb("enable <robot>", "let a robot in again", async ({ client, out }, robot = "") =>
      out.done(`Enabled ${robot}.`, await client.patch<ApiRobot>(at`/robots/${robot}`, { isDisabled: false })),
    )
    .verb(
      "delete <robot>",
      "delete a robot with its secrets and all that it was given",
      async ({ client, out, confirm }, robot = "") => {
        await confirm(`Delete ${robot} with its secrets, roles and grants?`);
        await client.delete(at`/robots/${robot}`);
        out.done(`Deleted ${robot}.`);
      },
    );
}

function registerSecrets(noun: Noun): void {
  noun
    .verb("secrets <robot>", "list a robot's secrets, without themselves", async ({ client, out }, robot = "") =>
      out.list(await client.list<ApiSecret>(at`/robots/${robot}/secrets`), SECRET_COLUMNS),
    )
    .verb<NewRobotFlags>(
      "create-secret <robot> <name>",
      "make a secret, which is shown once; those that are there stay good",
      async ({ client, out, flags: { expires: expiresAt = null } }, robot = "", name = "") => {
        const made = await client.post<ApiCreatedSecret>(at`/robots/${robot}/secrets`, { name, expiresAt });
        out.text(`${made.secret}\n`, made);
      },
      (verb) => verb.option(...END_OPTION),
    )
    .verb("revoke-secret <robot> <id>", "revoke a secret", async ({ client, out, confirm }, robot = "", id = "") => {
      await confirm(`Revoke secret ${id} of ${robot}?`);
      await client.delete(at`/robots/${robot}/secrets/${id}`);
      out.done(`Revoked secret ${id} of ${robot}.`);
    });
}

function registerTrusts(noun: Noun): void {
  noun
    .verb("trusts <robot>", "list whose ID tokens are as good as a secret", async ({ client, out }, robot = "") =>
      out.list(await client.list<ApiTrust>(at`/robots/${robot}/trusts`), TRUST_COLUMNS),
    )
    .verb<TrustFlags>(
      "trust <robot> <issuer>",
      "let the ID tokens of a CI system's jobs be as good as a secret",
      async ({ client, out, flags: { audience, claim: claims } }, robot = "", issuer = "") => {
        const trust = await client.post<ApiTrust>(at`/robots/${robot}/trusts`, { issuer, audience, claims });
        out.done(`Jobs of ${issuer} are ${robot} if all claims are as said.`, trust);
      },
      (verb) =>
        verb
          .requiredOption("--audience <text>", "whom the token is for, such as the registry's host")
          .requiredOption("--claim <name=pattern>", "a claim that it must have; for each one", collectClaim),
    )
    .verb(
      "untrust <robot> <id>",
      "let an issuer's ID tokens stand for a robot no more; trusts lists them",
      async ({ client, out, confirm }, robot = "", id = "") => {
        await confirm(`Take back trust ${id} of ${robot}?`);
        await client.delete(at`/robots/${robot}/trusts/${id}`);
        out.done(`Took back trust ${id} of ${robot}.`);
      },
    );
}

function collectClaim(text: string, claims: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name, pattern] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || pattern === undefined)
    throw new InvalidArgumentError("It is no claim such as ref=refs/tags/*.");
  return { ...claims, [name]: pattern };
}
