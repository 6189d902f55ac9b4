import { RegistryError } from "../../oci/index.ts";
import type { Answer } from "../answer.ts";
import type { Door, Visitor } from "../edge.ts";
import { errorAnswer, type ErrorContext } from "../error-answer.ts";
import { methodNotAllowed } from "../http-error.ts";
import { beginAtProvider, finishAtProvider, logOutByProvider } from "./provider-pages.ts";
import { showWays, signInByPassword, signOut } from "./session-pages.ts";
import type { SignInParts } from "./sign-in-parts.ts";

interface Page {
  readonly method: "GET" | "POST";
  readonly respond: (parts: SignInParts, visitor: Visitor, provider: string) => Promise<Answer>;
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

/** What is under `/sign-in` and `/sign-out`. */
export function createSignInDoors(parts: SignInParts): readonly Door[] {
  const respond = (visitor: Visitor) => answer(parts, visitor);
  return ["/sign-in", "/sign-in/", "/sign-out"].map((path) => ({ path, name: "sign-in", respond, answerError }));
}

/** 401 would make a browser ask for a password in a window of its own. */
function answerError(error: RegistryError, context: ErrorContext): Answer {
  const told = error.kind === "login-failed" ? new RegistryError("denied", error.message, { cause: error }) : error;
  return errorAnswer(told, context);
}

async function answer(parts: SignInParts, visitor: Visitor): Promise<Answer> {
  const provider = PROVIDER.exec(visitor.path)?.[2] ?? "";
  const page = PAGES.get(visitor.path.replace(PROVIDER, "$1{provider}"));
  if (!page) throw new RegistryError("route-unknown", "there is nothing here");
  const { method } = visitor.request;
  // Cookies and the way back from a provider are for a host.
  if (visitor.origin === "") throw new RegistryError("bad-request", "the request has no usable Host header");
  const methods = page.method === "GET" ? ["GET", "HEAD"] : [page.method];
  if (!methods.includes(method)) throw methodNotAllowed(method, methods.join(", "));
  return page.respond(parts, visitor, provider);
}
