import type { Caller } from "../../access/index.ts";
import type { ActOrigin } from "../../metadata/index.ts";
import type { RepositoryName, Warnings } from "../../oci/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { HttpOptions } from "../options.ts";
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
  /** `https://registry.example`, or `""` for relative URLs; what `Location` starts with. */
  readonly origin: string;
  readonly caller: Caller;
  /** Who asks, and from where, for the audit trail. */
  readonly by: ActOrigin;
  readonly warnings: Warnings;
  /** The transfer may take as long as it likes, as long as it moves. */
  readonly expectLongTransfer: () => void;
  /** Lets `work`, during which no byte moves, take as long as it needs; a long transfer may follow. */
  readonly whileSilent: <T>(work: () => Promise<T>) => Promise<T>;
  /** Tells how many bytes of a blob the request brought. */
  readonly countReceived: (bytes: number) => void;
}

/** One at an endpoint. */
export type ExchangeAt<Kind extends RouteKind> = Exchange & { readonly route: Extract<ParsedRoute, { kind: Kind }> };

/** Path of a repository's resource, with `Location`'s origin and the configured prefix in front. */
export function locationOf(exchange: Exchange, name: RepositoryName, rest: string): string {
  return `${exchange.origin}${exchange.options.prefix}v2/${name}/${rest}`;
}

/** Whether the caller may pull from a repository, some of it at least. */
export function mayPull({ caller }: Exchange, path: RepositoryName): boolean {
  return caller.refusalOf({ path, action: "pull", isAnyTagEnough: true }) === undefined;
}
