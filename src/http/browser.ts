import type { BrowserCookies, PageRequest } from "../auth/index.ts";
import type { Visitor } from "./edge.ts";

type Browsing = Pick<Visitor, "request" | "origin">;

/** What a browser has of us. */
export function browserOf({ request, origin }: Browsing): BrowserCookies {
  return { header: request.headers.get("cookie"), isSecure: origin.startsWith("https:") };
}

/** What page makes a browser ask. */
export function pageOf({ request: { method, headers }, origin }: Browsing): PageRequest {
  return { method, headers, ownOrigin: origin };
}
