import { connect, type Socket } from "node:net";

import { type ConnectionInfo, type Listener, startListener } from "../../../../src/http/listener/index.ts";

export type Fetch = (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;

/** A connection by hand. */
interface Dialled {
  readonly socket: Socket;
  /** Everything that came back so far. */
  readonly received: () => string;
  readonly ended: Promise<void>;
}

interface Listening {
  readonly listen: (fetch: Fetch, changes?: Partial<Parameters<typeof startListener>[0]>) => Promise<Listener>;
  readonly dial: (listener: Listener, text?: string) => Promise<Dialled>;
  /** Ends all that was begun. */
  readonly close: () => Promise<void>;
  /** What listeners reported. */
  readonly problems: { message: string; cause: unknown }[];
}

export function openListening(): Listening {
  const closers: (() => unknown)[] = [];
  const problems: { message: string; cause: unknown }[] = [];
  return {
    problems,
    async listen(fetch, changes = {}) {
      const listener = await startListener({
        address: { hostname: "127.0.0.1", port: 0 },
        limits: { idleTimeoutMs: 60_000 },
        reportProblem: (message, cause) => problems.push({ message, cause }),
        fetch,
        ...changes,
      });
      closers.push(() => listener.stop(0));
      return listener;
    },
    async dial(listener, text = "") {
      let received = "";
      const socket = connect({ host: "127.0.0.1", port: listener.port ?? 0 });
      closers.push(() => socket.destroy());
      socket.on("data", (chunk) => (received += chunk.toString("latin1")));
      socket.on("error", () => undefined);
      const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.write(text);
      return { socket, received: () => received, ended };
    },
    async close() {
      for (const end of closers.splice(0).reverse()) await end();
      problems.length = 0;
    },
  };
}
