import { targetOf } from "../../request-target.ts";
import { TlsError } from "../tls-error.ts";
import { messageOf } from "../../../runtime/index.ts";

const challengePath = "/.well-known/acme-challenge/";

export interface HttpChallengeOptions {
  /** An empty hostname means every address of the machine. */
  readonly address: { readonly hostname: string; readonly port: number };
  /** Where other requests are sent by redirect: only to these names, so that a forged Host leads nowhere. */
  readonly hosts: readonly string[];
  /** Of the registry, for the redirect. */
  readonly httpsPort: number;
}

/**
 * Answers HTTP-01 challenges in plain HTTP, and leads all other requests to HTTPS.
 *
 * @spec RFC 8555, section 8.3
 */
export class HttpChallengeServer {
  readonly #options: HttpChallengeOptions;
  readonly #keyAuthorizations = new Map<string, string>();
  readonly #server: Bun.Server<undefined>;

  /** @throws TlsError when the address cannot be had */
  constructor(options: HttpChallengeOptions) {
    this.#options = options;
    const { hostname, port } = options.address;
    try {
      this.#server = Bun.serve({
        port,
        ...(hostname !== "" && { hostname }),
        // `development: false` alone would share the port.
        reusePort: false,
        development: false,
        idleTimeout: 12,
        maxRequestBodySize: 64 * 1024,
        fetch: (request) => this.#answer(request),
      });
    } catch (cause) {
      const where = `${hostname}:${port}`;
      const words = messageOf(cause);
      throw new TlsError("challenge-failed", `http-01 cannot be answered, listening on ${where} failed: ${words}`, {
        cause,
      });
    }
  }

  get port(): number {
    return this.#server.port ?? this.#options.address.port;
  }

  open(token: string, keyAuthorization: string): void {
    this.#keyAuthorizations.set(token, keyAuthorization);
  }

  close(token: string): void {
    this.#keyAuthorizations.delete(token);
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }

  #answer(request: Request): Response {
    const target = targetOf(request.url);
    if (target.startsWith(challengePath)) {
      const keyAuthorization = this.#keyAuthorizations.get(target.slice(challengePath.length));
      if (keyAuthorization === undefined) return new Response("no such challenge\n", { status: 404 });
      return new Response(keyAuthorization, { headers: { "Content-Type": "application/octet-stream" } });
    }
    const { httpsPort } = this.#options;
    const origin = `https://${this.#hostOf(request)}${httpsPort === 443 ? "" : `:${httpsPort}`}`;
    // 308 keeps the method; 301 is what every old client knows for reading.
    const status = request.method === "GET" || request.method === "HEAD" ? 301 : 308;
    return new Response(null, { status, headers: { Location: `${origin}${target}`, Connection: "close" } });
  }

  #hostOf(request: Request): string {
    const asked = (request.headers.get("host") ?? "").replace(/:\d*$/u, "").toLowerCase();
    const known = this.#options.hosts.filter((host) => !host.startsWith("*."));
    return known.find((host) => host.toLowerCase() === asked) ?? known[0] ?? "localhost";
  }
}
