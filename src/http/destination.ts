import type { Door, Edge, Page } from "./edge.ts";
import { handlerNameOf } from "./request-record.ts";
import { matchRoute, type Route } from "./v2/match-route.ts";

/** What is at a path: a page, a door, an endpoint of the registry API, or nothing. */
export interface Destination {
  /** Decoded, without the prefix; `""` where it has another. */
  readonly path: string;
  readonly page: Page | undefined;
  readonly door: Door | undefined;
  readonly route: Route | undefined;
  /** The metric label. */
  readonly handler: string;
}

/** @param asked the path as it was asked for, decoded */
export function findDestination({ options, pages, doors }: Edge, asked: string): Destination {
  const path = withoutPrefix(asked, options.prefix);
  const route = matchRoute(path);
  const door = route ? undefined : doors.find((candidate) => isAt(candidate, path));
  // Probes come past the proxy that adds the prefix.
  const page = pages.get(asked) ?? pages.get(path);
  return { path, page, door, route, handler: door?.name ?? handlerNameOf(route) };
}

/** `""` where it has another. */
export function withoutPrefix(path: string, prefix: string): string {
  if (prefix === "/") return path;
  return path.startsWith(prefix) ? path.slice(prefix.length - 1) : "";
}

function isAt({ path: start }: Door, path: string): boolean {
  return path === start || (start.endsWith("/") && path.startsWith(start));
}
