import type { AccessRequest, Action, Caller } from "../../access/index.ts";
import type { Challenge } from "../../auth/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import { isUploadBegunBy } from "../../registry/index.ts";
import { type Soon, whenThere } from "../../runtime/index.ts";
import type { Exchange } from "./exchange.ts";
import type { ParsedRoute } from "./match-route.ts";

/** What a request needs: nothing but being let in, lists of repositories, or an action in the repository of its path. */
export type Need = "sign-in" | "list" | RepositoryNeed;

/** The needs that there are. */
export const NEEDS = {
  signIn: "sign-in",
  list: "list",
  pull: { action: "pull", tags: "any" },
  pullReference: { action: "pull", tags: "of-path" },
  /** Which tags may be set is asked for with the tags as they are then. */
  push: { action: "upload", tags: "any" },
  deleteReference: { action: "tag:delete", tags: "of-path" },
  delete: { action: "delete", tags: "all" },
} as const satisfies Readonly<Record<string, Need>>;

export interface RepositoryNeed {
  readonly action: Action;
  /**
   * `of-path`: it is about the tag of the path; of a digest, about all of the repository if it deletes, and else as `any`:
   * about no tag, so that some are as good as all.
   */
  readonly tags: "all" | "any" | "of-path";
}

/** A client that is to come again with other credentials, and what they must be good for. */
export class CredentialsError extends RegistryError {
  /** Such as `repository:app:pull`. */
  readonly scopes: readonly string[];

  constructor(
    kind: "unauthorized" | "scope-insufficient" | "token-invalid",
    message: string,
    scopes: readonly string[],
  ) {
    super(kind, message, scopes.length > 0 ? { detail: scopes.map(detailOf) } : {});
    this.scopes = scopes;
  }
}

/** What may be done as asked, or is to be answered as if the repository of the path were not there. */
export type Access = "granted" | "unseen";

/** @throws RegistryError `unauthorized`, `scope-insufficient`, `token-invalid`, `denied` */
export function requireAccess(exchange: Exchange, need: Need): Soon<Access> {
  const { caller, request, route } = exchange;
  if (need === "sign-in" || need === "list") return requireLetIn(caller, need);
  if (!("name" in route)) return requireLetIn(caller, "sign-in");
  const { name } = route;
  const refusal = caller.refusalOf(requestOf(route, name, need));
  if (refusal === undefined && caller.tokenEndedAtMs === undefined) return "granted";
  const isRead = request.method === "GET" || request.method === "HEAD";
  const refused = { name, need, refusal };
  if (refusal === "rules" && isRead && isSignedIn(caller) && !caller.maySee(name)) return "unseen";
  if (refusal !== undefined) throw refusedAccess(caller, refused);
  return whenThere(isOwnUpload(exchange), (isOwn) => {
    if (isOwn) return "granted";
    throw refusedAccess(caller, refused);
  });
}

/**
 * Finds out anew who asks, when all of the body has come: a body may take long, and who sends it may have been put out meanwhile. A
 * token that was good when the request began is good for its end.
 * @returns who it is by the rules of now
 * @throws as `requireAccess`, and as an authenticator does
 */
export async function askAgain({ authenticator, client, request, route, caller }: Exchange): Promise<Caller> {
  const now = await authenticator.authenticate(request.headers.get("authorization"), client);
  if (now === caller || !("name" in route)) return now;
  const refusal = now.refusalOf(requestOf(route, route.name, NEEDS.push));
  if (refusal !== undefined) throw refusedAccess(now, { name: route.name, need: NEEDS.push, refusal });
  return now;
}

function isSignedIn({ principal, tokenEndedAtMs }: Caller): boolean {
  return principal.kind !== "anonymous" && tokenEndedAtMs === undefined;
}

/** What was begun with a token that was good may be finished after its time: it may be short, and a layer long. */
function isOwnUpload({ caller, registry, route }: Exchange): Soon<boolean> {
  const { principal, tokenEndedAtMs } = caller;
  if (route.kind !== "upload" || principal.kind === "anonymous" || tokenEndedAtMs === undefined) return false;
  return isUploadBegunBy(registry, { id: route.id, startedBy: principal.name, beforeMs: tokenEndedAtMs });
}

/** @throws RegistryError `unauthorized`, `scope-insufficient`, `token-invalid`, `denied` */
export function requireLetIn(caller: Caller, need: "sign-in" | "list"): "granted" {
  const scopes = need === "list" ? ["registry:catalog:*"] : [];
  if (caller.tokenEndedAtMs !== undefined) throw tokenEnded(scopes);
  if (!caller.isLetIn) throw new CredentialsError("unauthorized", SIGN_IN, scopes);
  if (need === "list" && !caller.mayList)
    throw new CredentialsError("scope-insufficient", "the token is not for the catalog", scopes);
  return "granted";
}

/**
 * For pages that are not for everybody: a token that was asked for without a name opens none.
 * @throws RegistryError `unauthorized`, `token-invalid`
 */
export function requireSignedIn(caller: Caller): void {
  requireLetIn(caller, "sign-in");
  if (caller.hasToken && caller.principal.kind === "anonymous") throw new CredentialsError("unauthorized", SIGN_IN, []);
}

function requestOf(route: ParsedRoute, path: RepositoryName, { action, tags }: RepositoryNeed): AccessRequest {
  if (tags === "all") return { path, action };
  if (tags === "of-path" && route.kind === "manifest" && route.reference.kind === "tag")
    return { path, action, tag: route.reference.tag };
  // With a manifest go all tags that point at it.
  return action === "tag:delete" ? { path, action: "delete" } : { path, action, isAnyTagEnough: true };
}

/** What a refused client is to be told of how to get in. */
export function challengeOf(error: RegistryError): Pick<Challenge, "scopes" | "error"> {
  const scopes = error instanceof CredentialsError ? error.scopes : [];
  if (error.kind === "token-invalid") return { scopes, error: "invalid_token" };
  return error.kind === "scope-insufficient" ? { scopes, error: "insufficient_scope" } : { scopes };
}

interface Refused {
  readonly name: RepositoryName;
  readonly need: RepositoryNeed;
  readonly refusal: "rules" | "limits" | undefined;
}

function refusedAccess(caller: Caller, { name, need, refusal }: Refused): RegistryError {
  const scopes = [`repository:${name}:${scopeActions(need.action)}`];
  if (!caller.isLetIn) return new CredentialsError("unauthorized", SIGN_IN, scopes);
  if (caller.tokenEndedAtMs !== undefined) return tokenEnded(scopes);
  if (refusal === "limits" && caller.hasToken)
    return new CredentialsError("scope-insufficient", `the token is not for this in ${name}`, scopes);
  // Who came with an empty token may have more with a name.
  if (caller.principal.kind === "anonymous") return new CredentialsError("unauthorized", SIGN_IN, scopes);
  return new RegistryError("denied", `you may not ${WORDS[need.action] ?? need.action} in ${name}`, {
    detail: { name },
  });
}

const SIGN_IN = "authentication required: log in with a user name and password";

const WORDS: Readonly<Partial<Record<Action, string>>> = {
  pull: "pull",
  upload: "push",
  push: "push",
  delete: "delete",
  "tag:delete": "delete",
};

function tokenEnded(scopes: readonly string[]): RegistryError {
  return new CredentialsError("token-invalid", "the token's time is over: ask for another one", scopes);
}

/** What a client asks a token for. */
function scopeActions(action: Action): string {
  if (action === "pull") return "pull";
  return action === "delete" || action === "tag:delete" ? "delete" : "pull,push";
}

function detailOf(scope: string): Record<string, string> {
  const [type = "", name = "", action = ""] = scope.split(":");
  return { Type: type, Class: "", Name: name, Action: action };
}
