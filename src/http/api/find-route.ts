import { TrieRouter } from "hono/router/trie-router";
import { RegistryError, shorten } from "../../oci/index.ts";
import { methodNotAllowed } from "../http-error.ts";
import type { ApiRoute, Method } from "./route.ts";

const METHODS: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

export interface FoundRoute {
  readonly route: ApiRoute;
  /** As they were sent. */
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a request. @throws RegistryError `route-unknown`, `method-not-allowed` */
export type FindRoute = (method: string, path: string) => FoundRoute;

export function createFindRoute(routes: readonly ApiRoute[]): FindRoute {
  const router = new TrieRouter<ApiRoute>();
  for (const route of routes) router.add(route.method, route.path.replaceAll(/\{(\w+)\}/g, ":$1"), route);
  const find = (method: string, path: string): FoundRoute | undefined => {
    const [match] = router.match(method, path)[0];
    return match && { route: match[0], params: match[1] as Record<string, string> };
  };
  return (method, path) => {
    const found = find(method === "HEAD" ? "GET" : method, path);
    if (found) return found;
    const allow = METHODS.filter((other) => find(other, path)).join(", ");
    if (allow === "") throw new RegistryError("route-unknown", `the API has nothing at ${shorten(path)}`);
    throw methodNotAllowed(method, allow);
  };
}
