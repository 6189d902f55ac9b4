import type { ActOrigin } from "../metadata/index.ts";
import type { PreparedEdge } from "./edge.ts";
import { type Forwarded, readForwarded } from "./forwarded.ts";
import type { ConnectionInfo } from "./listener/index.ts";

/**
 * Who a request comes from: what its connection shows, or what a trusted proxy says of whom it asks for. What costs to find
 * out is read when somebody wants to know it.
 */
export class Client {
  readonly requestId: string;
  /** With port; `""` if the client named none. */
  readonly host: string;
  readonly #edge: ClientEdge;
  readonly #request: Request;
  readonly #connection: ConnectionInfo;
  readonly #forwarded: Forwarded | undefined;

  constructor(edge: ClientEdge, request: Request, connection: ConnectionInfo) {
    const { proxies } = edge;
    const isForwarded = !proxies.isEmpty && proxies.has(connection.remoteAddress);
    this.#forwarded = isForwarded ? readForwarded(request.headers, proxies) : undefined;
    this.#edge = edge;
    this.#request = request;
    this.#connection = connection;
    this.requestId = edge.newRequestId();
    this.host = this.#forwarded?.host ?? request.headers.get("host") ?? "";
  }

  get scheme(): "http" | "https" {
    return this.#forwarded?.scheme ?? (this.#connection.tls ? "https" : "http");
  }

  /** Without port; `undefined` on a unix socket. */
  get address(): string | undefined {
    return (this.#forwarded?.address ?? this.#connection.remoteAddress) || undefined;
  }

  get clientCertificate(): Uint8Array | undefined {
    return this.#edge.certificates.find(this.#request, this.#connection);
  }

  /** Scheme and host under which the client knows the registry; `""` if it named no host. */
  get origin(): string {
    return this.#edge.options.publicOrigin ?? (this.host === "" ? "" : `${this.scheme}://${this.host}`);
  }

  /** What it does, for the audit trail. @param actor who it is, if that is known */
  acting(actor: string | undefined): ActOrigin {
    return { actor, address: this.address, requestId: this.requestId };
  }
}

/** What tells who a client is. */
export type ClientEdge = Pick<PreparedEdge, "proxies" | "certificates" | "newRequestId"> & {
  readonly options: Pick<PreparedEdge["options"], "publicOrigin">;
};
