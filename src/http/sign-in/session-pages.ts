import { type Account, principalOf } from "../../access/index.ts";
import { type BasicCredentials, type Identity, refuseOtherSites, requireOwnPage } from "../../auth/index.ts";
import { type Queries, recordAct } from "../../metadata/index.ts";
import { isJsonObject, RegistryError } from "../../oci/index.ts";
import { type Answer, emptyAnswer, jsonAnswer } from "../answer.ts";
import { browserOf, pageOf } from "../browser.ts";
import { readSmallBody } from "../read-body.ts";
import type { Visitor } from "../edge.ts";
import type { SignInParts } from "./sign-in-parts.ts";

const NOT_STORED = { "Cache-Control": "no-store" };

/** The ways to sign in, and who is signed in. */
export async function showWays(parts: SignInParts, visitor: Visitor): Promise<Answer> {
  const session = await parts.sessions.find(browserOf(visitor));
  const providers = parts.providers.list().map(({ name, title }) => ({
    name,
    title,
    url: `${parts.prefix}sign-in/oidc/${name}`,
  }));
  const shown = session ? { ...userOf(session.account), source: session.source, csrfToken: session.csrfToken } : null;
  return jsonAnswer({ password: parts.signIn !== undefined, providers, session: shown }, NOT_STORED);
}

/** Signs in by `{"name": …, "password": …}`. Only a person's own password makes a session: it is good for all. */
export async function signInByPassword(parts: SignInParts, visitor: Visitor): Promise<Answer> {
  refuseOtherSites(pageOf(visitor));
  const credentials = readCredentials(await readSmallBody(visitor.request, "application/json"));
  const { account } = await identify(parts, visitor, credentials);
  visitor.introduce(principalOf(account));
  const start = async (queries: Queries) => {
    const { name, source } = account;
    const { cookie, csrfToken } = await parts.sessions.start(queries, { account, source }, browserOf(visitor));
    // A password that is known is put into the audit trail once an hour; a session is an act each time.
    const act = { act: "session.start", outcome: "success", atMs: parts.clock.nowMs(), detail: { source } } as const;
    await recordAct(queries, { ...visitor.from, ...act, actor: name, target: name });
    return { ...jsonAnswer({ ...userOf(account), source, csrfToken }, NOT_STORED), cookies: [cookie] };
  };
  return parts.metadata.transaction(start, { durable: false });
}

/** Signs the browser out; one that is not signed in is none the worse. */
export async function signOut({ sessions, metadata, clock }: SignInParts, visitor: Visitor): Promise<Answer> {
  const browser = browserOf(visitor);
  const session = await sessions.find(browser);
  if (session) {
    requireOwnPage(pageOf(visitor), session);
    visitor.introduce(principalOf(session.account));
  }
  const cookie = await metadata.transaction(async (queries) => {
    const cleared = await sessions.end(queries, browser);
    if (!session) return cleared;
    const { account, source } = session;
    const act = {
      ...visitor.from,
      atMs: clock.nowMs(),
      act: "sign-out",
      outcome: "success",
      detail: { source },
    } as const;
    await recordAct(queries, { ...act, actor: account.name, target: account.name });
    return cleared;
  });
  return { ...emptyAnswer(204, NOT_STORED), cookies: [cookie] };
}

function userOf({ name, mustChangePassword, systemRole }: Account) {
  return { name, mustChangePassword, systemRole: systemRole ?? null };
}

function readCredentials(text: string): BasicCredentials {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (isJsonObject(body) && typeof body["name"] === "string" && typeof body["password"] === "string")
    return { username: body["name"], password: body["password"] };
  throw new RegistryError("bad-request", 'the body must be {"name": "…", "password": "…"}');
}

async function identify({ signIn }: SignInParts, { from }: Visitor, credentials: BasicCredentials): Promise<Identity> {
  if (!signIn) throw new RegistryError("not-found", "nobody signs in with a password here");
  const identity = await signIn.byPassword(credentials, from);
  if (identity.isByPassword && identity.limits.length === 0) return identity;
  throw new RegistryError("denied", "a token or secret signs in programs, not browsers: use your password");
}
