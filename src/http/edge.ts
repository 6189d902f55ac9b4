import type { Principal } from "../access/index.ts";
import type { Authenticator } from "../auth/index.ts";
import type { ActOrigin } from "../metadata/index.ts";
import type { RegistryError } from "../oci/index.ts";
import type { Registry } from "../registry/index.ts";
import { type Clock, Networks, type Soon } from "../runtime/index.ts";
import { type Answer, CommonHeaders } from "./answer.ts";
import { ClientCertificates } from "./client-certificates.ts";
import type { ErrorContext } from "./error-answer.ts";
import type { Metrics, Tracing } from "./observation/index.ts";
import type { HttpOptions } from "./options.ts";
import type { RateLimits } from "./rate-limits/index.ts";
import type { RequestRecord } from "./request-record.ts";

/** What the edge needs to answer requests. */
export interface Edge {
  readonly registry: Registry;
  /** One in which there is nothing, for those who must not learn what there is. */
  readonly emptyRegistry: () => Promise<Registry>;
  readonly authenticator: Authenticator;
  /** Absent: clients may ask as often as they like. */
  readonly rateLimits?: RateLimits | undefined;
  readonly options: HttpOptions;
  readonly clock: Clock;
  /** Milliseconds since whenever; never jumps. */
  readonly stopwatchMs: () => number;
  readonly newRequestId: () => string;
  /** Pages beside the registry API, by path. */
  readonly pages: ReadonlyMap<string, Page>;
  /** What is neither registry API nor page. */
  readonly doors: readonly Door[];
  /** What is wrong with the registry so that it must not serve; `undefined` if nothing is. */
  readonly findFault: () => string | undefined;
  readonly metrics: Pick<Metrics, "requestStarted" | "requestFinished">;
  readonly tracing: Tracing | undefined;
  /** Told of each request once its answer is made. */
  readonly observe: (record: RequestRecord) => void;
}

/** The edge, with what is made of its options once. */
export interface PreparedEdge extends Edge {
  /** Of every answer. */
  readonly commonHeaders: CommonHeaders;
  /** The trusted ones. */
  readonly proxies: Networks;
  readonly certificates: ClientCertificates;
}

export function prepareEdge(edge: Edge): PreparedEdge {
  const { headers, trustedProxies, certificateHeader } = edge.options;
  const proxies = new Networks(trustedProxies);
  return {
    ...edge,
    commonHeaders: new CommonHeaders({ ...headers, "Docker-Distribution-Api-Version": "registry/2.0" }),
    proxies,
    certificates: new ClientCertificates(certificateHeader, proxies),
  };
}

export interface Page {
  /** Answers even while the registry is unhealthy. */
  readonly isOpen: boolean;
  /** Answers only those who may use the registry. */
  readonly needsLogin: boolean;
  readonly respond: () => Soon<Answer>;
}

/** Answers what is asked for at a path of its own, and finds out by itself who asks. */
export interface Door {
  /** Below it too if it ends with a slash. */
  readonly path: string;
  /** The metric label. */
  readonly name: string;
  readonly respond: (visitor: Visitor) => Soon<Answer>;
  /** How it tells what went wrong, if not as the registry API does. */
  readonly answerError?: (error: RegistryError, context: ErrorContext) => Answer;
}

/** Who comes to a door, and what for. */
export interface Visitor {
  readonly request: Request;
  /** As the door knows it, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Scheme and host under which the client knows the registry; `""` if it named no host. */
  readonly origin: string;
  /** Where it comes from; its actor is nobody yet. */
  readonly from: ActOrigin;
  /** Tells for logs who it was. */
  readonly introduce: (principal: Principal) => void;
}
