import { RegistryError } from "../../oci/index.ts";
import { type Answer, withoutBody } from "../answer.ts";
import { HttpError } from "../http-error.ts";
import { beginAtProvider, finishAtProvider, logOutByProvider } from "./provider-pages.ts";
import { showWays, signInByPassword, signOut } from "./session-pages.ts";
import type { SignInParts, SignInVisit } from "./sign-in-visit.ts";

/**
 * Answers what is under `/sign-in` and `/sign-out`.
 * @returns `undefined` at once where the path is none of these
 */
export type SignInHandler = (visit: SignInVisit) => Promise<Answer> | undefined;

interface Page {
  readonly method: "GET" | "POST";
  readonly respond: (parts: SignInParts, visit: SignInVisit, provider: string) => Promise<Answer>;
}

/** Below the prefix. */
const PAGES: ReadonlyMap<string, Page> = new Map([
  ["/sign-in", { method: "GET", respond: showWays }],
  ["/sign-in/password", { method: "POST", respond: signInByPassword }],
  ["/sign-out", { method: "POST", respond: signOut }],
  ["/sign-in/oidc/{provider}", { method: "GET", respond: beginAtProvider }],
  ["/sign-in/oidc/{provider}/callback", { method: "GET", respond: finishAtProvider }],
  ["/sign-in/oidc/{provider}/logout", { method: "POST", respond: logOutByProvider }],
]);

const PROVIDER = /^(\/sign-in\/oidc\/)([^/]+)/;

/** Makes the function that signs browsers in and out. It throws RegistryError, as handlers do. */
export function createSignInHandler(parts: SignInParts): SignInHandler {
  return (visit) => {
    const provider = PROVIDER.exec(visit.path)?.[2] ?? "";
    const page = PAGES.get(visit.path.replace(PROVIDER, "$1{provider}"));
    return page && respond(page, parts, visit, provider);
  };
}

async function respond(page: Page, parts: SignInParts, visit: SignInVisit, provider: string): Promise<Answer> {
  const { method } = visit.request;
  // Cookies and the way back from a provider are for a host.
  if (visit.origin === "") throw new RegistryError("bad-request", "the request has no usable Host header");
  const isHead = method === "HEAD" && page.method === "GET";
  if (method !== page.method && !isHead) {
    const allowed = page.method === "GET" ? "GET, HEAD" : page.method;
    throw new HttpError("method-not-allowed", `${method} is not possible here; possible are ${allowed}`, {
      Allow: allowed,
    });
  }
  const answer = await page.respond(parts, visit, provider);
  return isHead ? withoutBody(answer) : answer;
}
