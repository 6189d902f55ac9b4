import type { Caller } from "../../access/index.ts";
import type { Authenticator } from "../../auth/index.ts";
import type { ActOrigin } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { Client } from "../client.ts";
import type { HttpOptions } from "../options.ts";
import type { Transfer } from "../transfer.ts";
import type { ParsedRoute, RouteKind } from "./match-route.ts";

/** One request on its way to its answer: what every handler of the registry API is given. */
export interface Exchange {
  readonly registry: Registry;
  /** One in which there is nothing. */
  readonly emptyRegistry: () => Promise<Registry>;
  readonly options: HttpOptions;
  readonly request: Request;
  readonly route: ParsedRoute;
  /** Of the request's target, decoded. */
  readonly query: URLSearchParams;
  readonly client: Pick<Client, "origin" | "acting" | "address" | "requestId" | "clientCertificate">;
  /** As they were known when the head of the request was there. */
  readonly caller: Caller;
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly transfer: Transfer;
  /** The name that the path has, which leads to that of the route; absent: it is the same. */
  readonly askedAs?: RepositoryName | undefined;
  /** Told the name that the request is about, if it is not that of its path. */
  readonly noteMoved?: (name: RepositoryName) => void;
}

/** One at an endpoint. */
export type ExchangeAt<Kind extends RouteKind> = Exchange & { readonly route: Extract<ParsedRoute, { kind: Kind }> };

/** `Location` of a repository's resource, as the configuration wants it. */
export function locationOf(exchange: Exchange, name: RepositoryName, rest: string): string {
  const { client, options } = exchange;
  return `${options.relativeUrls ? "" : client.origin}${options.prefix}v2/${nameInUrls(exchange, name)}/${rest}`;
}

/** The name by which the client goes on, as its token may be for no other. */
export function nameInUrls({ askedAs }: Exchange, name: RepositoryName): RepositoryName {
  return askedAs ?? name;
}

/** Who asks, and from where, for the audit trail. */
export function actOriginOf({ client, caller }: Exchange): ActOrigin {
  return client.acting(caller.principal.name);
}

/** Whether the caller may pull from a repository, some of it at least. */
export function mayPull(caller: Caller, path: string): boolean {
  return caller.refusalOf({ path, action: "pull", isAnyTagEnough: true }) === undefined;
}
