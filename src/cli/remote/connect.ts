import { COMMAND, openLocalApi, TaskError } from "../../app/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { localActor } from "../local-actor.ts";
import { readConfig } from "../read-config.ts";
import { EXIT_CONFIG, EXIT_NO_PERMISSION, EXIT_OF_FAULT, EXIT_USAGE, type Terminal } from "../terminal.ts";
import type { ApiConnection } from "./api-client.ts";
import { ConnectError } from "./connect-error.ts";
import { CredentialsFile } from "./credentials-file.ts";
import type { Person } from "./person.ts";
import { parseServer } from "./server-address.ts";

export interface ConnectOptions {
  /** As it was typed. */
  readonly server?: string | undefined;
  /** Work on the database of this configuration, or of the one that is there without one (`true`). */
  readonly local?: string | true | undefined;
}

type Surroundings = Pick<CommandSurroundings, "terminal" | "pathOf">;

/** @throws ConnectError */
export async function connect(options: ConnectOptions, surroundings: Surroundings): Promise<ApiConnection> {
  const { local } = options;
  return local === undefined ? connectToServer(options, surroundings.terminal) : connectLocally(local, surroundings);
}

async function connectLocally(local: string | true, { terminal, pathOf }: Surroundings): Promise<ApiConnection> {
  const loaded = readConfig(pathOf(local === true ? undefined : local), terminal);
  if (!loaded) throw new ConnectError(EXIT_CONFIG, "");
  try {
    const api = await openLocalApi(loaded.config, localActor());
    return { base: "http://local/api/v1", fetch: (request) => api.fetch(request), close: () => api.close() };
  } catch (error) {
    throw error instanceof TaskError ? new ConnectError(EXIT_OF_FAULT[error.fault], error.message) : error;
  }
}

async function connectToServer({ server: named }: ConnectOptions, { env }: Terminal): Promise<ApiConnection> {
  const file = new CredentialsFile(env);
  const server = await findServer(named, env, file);
  const { BERTH_USERNAME: username, BERTH_PASSWORD: secret } = env;
  const credentials = username && secret ? { username, secret } : await file.find(server);
  if (!credentials)
    throw new ConnectError(EXIT_NO_PERMISSION, `You are not signed in to ${server}: ${COMMAND} login ${server}`);
  const isKept = !(username && secret);
  const remedy = `the token that is kept may have ended or been taken back: ${COMMAND} login ${server}`;
  return { ...connectionTo(server, credentials), ...(isKept && { remedy }) };
}

/** @throws ConnectError */
export async function findServer(
  named: string | undefined,
  env: Terminal["env"],
  file: CredentialsFile,
): Promise<string> {
  const server = named ?? (env["BERTH_SERVER"] || (await file.findServer()));
  if (server === undefined)
    throw new ConnectError(
      EXIT_USAGE,
      `Which registry? ${COMMAND} login <server>, --server <server>, or where a command has it, --local [config.yml]`,
    );
  try {
    return parseServer(server);
  } catch (error) {
    throw new ConnectError(EXIT_USAGE, (error as Error).message);
  }
}

/** Whose password is to be asked for, and where: as named, else as they signed in last. @throws ConnectError, NobodyToAsk */
export async function findUser(
  named: { readonly name?: string | undefined; readonly server?: string | undefined },
  env: Terminal["env"],
  person: Person,
): Promise<{ readonly server: string; readonly username: string }> {
  const file = new CredentialsFile(env);
  const server = await findServer(named.server, env, file);
  const known = named.name ?? (env["BERTH_USERNAME"] || (await file.find(server))?.username);
  return { server, username: known ?? (await person.ask("User name: ")) };
}

/** A server, asked by a user name and a password or a token. */
export function connectionTo(
  server: string,
  { username, secret }: { readonly username: string; readonly secret: string },
): ApiConnection {
  const authorization = `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
  return {
    base: `${server}/api/v1`,
    server,
    async fetch(request) {
      request.headers.set("Authorization", authorization);
      return fetch(request);
    },
    async close() {
      // Nothing is held open.
    },
  };
}
