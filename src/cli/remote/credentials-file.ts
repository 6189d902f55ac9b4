import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { EXIT_CONFIG } from "../terminal.ts";
import { ConnectError } from "./connect-error.ts";

/** How a server is signed in to. */
export interface Credentials {
  readonly username: string;
  /** A personal token, kept as it is: whoever can read the file is signed in. */
  readonly secret: string;
  /** Of the token, for taking it back. */
  readonly tokenId?: number | undefined;
}

const CONTENTS = z.object({
  /** The server that is meant where none is named. */
  server: z.string().optional(),
  servers: z.record(z.string(), z.object({ username: z.string(), secret: z.string(), tokenId: z.number().optional() })),
});

type Contents = z.output<typeof CONTENTS>;

const NOTHING: Contents = { servers: {} };

/** What `berth login` keeps: a file that only its owner can read. */
export class CredentialsFile {
  readonly path: string;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const folder = env["XDG_CONFIG_HOME"] || join(env["HOME"] ?? ".", ".config");
    this.path = join(folder, "berth", "credentials.json");
  }

  /** The server that was signed in to last. */
  async findServer(): Promise<string | undefined> {
    return (await this.#read()).server;
  }

  async find(server: string): Promise<Credentials | undefined> {
    const { servers } = await this.#read();
    return Object.hasOwn(servers, server) ? servers[server] : undefined;
  }

  async put(server: string, credentials: Credentials): Promise<void> {
    const { servers } = await this.#read();
    await this.#write({ server, servers: { ...servers, [server]: credentials } });
  }

  async remove(server: string): Promise<void> {
    const contents = await this.#read();
    const servers = Object.fromEntries(Object.entries(contents.servers).filter(([name]) => name !== server));
    await this.#write({ server: contents.server === server ? Object.keys(servers)[0] : contents.server, servers });
  }

  async #read(): Promise<Contents> {
    try {
      return CONTENTS.parse(JSON.parse(await readFile(this.path, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return NOTHING;
      throw new ConnectError(EXIT_CONFIG, `${this.path} cannot be read: remove it and sign in again`, { cause: error });
    }
  }

  /** All of it or nothing, and at no moment for others to read. */
  async #write(contents: Contents): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(contents, undefined, 2)}\n`, { mode: 0o600 });
    await chmod(draft, 0o600);
    await rename(draft, this.path);
  }
}
