import { type AccessDirectory, askerOf, type Caller, principalOf } from "../../access/index.ts";
import { parseBasicCredentials, requireOwnPage, type SignIn, type WebSessions } from "../../auth/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { browserOf, pageOf } from "../browser.ts";
import type { ApiCaller } from "./api-caller.ts";
import type { ApiParts, ApiVisitor } from "./api-parts.ts";

export interface ApiSignInParts {
  readonly directory: AccessDirectory;
  readonly signIn: SignIn;
  /** Absent: no browser is signed in. */
  readonly sessions?: WebSessions | undefined;
}

/** What the proof of who somebody is says beside that. */
type Proof = Pick<ApiCaller, "isLimited" | "isBySession" | "isByPassword">;

/** Takes passwords, robots' secrets and personal tokens, and browsers' sessions with what shows that one of our pages asks. */
export function createApiSignIn(parts: ApiSignInParts): ApiParts["authenticate"] {
  return (visitor) => {
    const authorization = visitor.request.headers.get("authorization");
    return authorization === null ? bySession(parts, visitor) : byPassword(parts, authorization, visitor);
  };
}

async function byPassword(
  { directory, signIn }: ApiSignInParts,
  authorization: string,
  visitor: ApiVisitor,
): Promise<ApiCaller> {
  const credentials = parseBasicCredentials(authorization);
  if (!credentials)
    throw new RegistryError(
      "unauthorized",
      "sign in with user name and password, or a personal token in its place: tokens for images are not for this",
    );
  const { account, limits, isByPassword } = await signIn.byPassword(credentials, visitor.from);
  const view = await directory.now();
  const caller = view.callerOf({ principal: principalOf(account), limits });
  return apiCallerOf(caller, visitor, { isLimited: limits.length > 0, isBySession: false, isByPassword });
}

async function bySession({ directory, sessions }: ApiSignInParts, visitor: ApiVisitor): Promise<ApiCaller> {
  const session = await sessions?.find(browserOf(visitor));
  const view = await directory.now();
  if (session) requireOwnPage(pageOf(visitor), session);
  const caller = session ? view.callerOf({ principal: principalOf(session.account) }) : view.anonymous;
  return apiCallerOf(caller, visitor, { isLimited: false, isBySession: session !== undefined, isByPassword: false });
}

function apiCallerOf(caller: Caller, visitor: ApiVisitor, proof: Proof): ApiCaller {
  const { principal } = caller;
  const { account } = principal;
  visitor.introduce(principal);
  return {
    ...proof,
    account,
    asker: askerOf(principal),
    by: { ...visitor.from, actor: account?.name },
    may: (action, path, tags) => caller.refusalOf({ action, path, ...tags }) === undefined,
    maySee: (path) => caller.maySee(path),
  };
}
