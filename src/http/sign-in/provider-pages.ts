import { type Account, isUsable, principalOf } from "../../access/index.ts";
import type { FinishedSignIn } from "../../auth/index.ts";
import { type Act, type Queries, recordAct } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { type Answer, emptyAnswer } from "../answer.ts";
import { browserOf } from "../browser.ts";
import { readForm } from "../read-body.ts";
import type { Visitor } from "../edge.ts";
import type { SignInParts } from "./sign-in-parts.ts";

const NOT_STORED = { "Cache-Control": "no-store" };

/** Sends a browser to a provider; `return_to` says where it goes afterwards. */
export async function beginAtProvider(parts: SignInParts, visitor: Visitor, provider: string): Promise<Answer> {
  const { url, stateCookie } = await parts.providers.beginSignIn(provider, {
    returnTo: visitor.query.get("return_to") ?? parts.prefix,
    redirectUri: callbackUrl(parts, visitor, provider),
    isSecure: browserOf(visitor).isSecure,
  });
  return { ...emptyAnswer(302, { ...NOT_STORED, Location: url }), cookies: [stateCookie] };
}

/** Takes a browser that comes back from a provider. */
export async function finishAtProvider(parts: SignInParts, visitor: Visitor, provider: string): Promise<Answer> {
  const url = new URL(`${callbackUrl(parts, visitor, provider)}?${visitor.query.toString()}`);
  try {
    const finished = await parts.providers.finishSignIn(provider, url, browserOf(visitor));
    const { source, identity, returnTo, stateCookie } = finished;
    const account = await parts.ensureExternalAccount(source, identity, { ...visitor.from, actor: identity.name });
    visitor.introduce(principalOf(account));
    const cookie = await startSession(parts, visitor, { finished, account });
    return { ...emptyAnswer(302, { ...NOT_STORED, Location: returnTo }), cookies: [cookie, stateCookie] };
  } catch (error) {
    await recordFailure(parts, visitor, { provider, error });
    throw error;
  }
}

/** Ends sessions where a provider says so; it comes without a browser. @spec OpenID Connect Back-Channel Logout 1.0, 2.5 */
export async function logOutByProvider(parts: SignInParts, visitor: Visitor, provider: string): Promise<Answer> {
  const form = await readForm(visitor.request);
  await parts.providers.endSessions(provider, form.get("logout_token") ?? "", visitor.from);
  return emptyAnswer(200, NOT_STORED);
}

/** What has to be registered at the provider. */
function callbackUrl({ prefix }: SignInParts, { origin }: Visitor, provider: string): string {
  return `${origin}${prefix}sign-in/oidc/${encodeURIComponent(provider)}/callback`;
}

async function startSession(
  { metadata, sessions, clock }: SignInParts,
  visitor: Visitor,
  { finished, account }: { readonly finished: FinishedSignIn; readonly account: Account },
): Promise<string> {
  const { source, providerSessionId } = finished;
  if (!isUsable(account, clock.nowMs()))
    throw new RegistryError("denied", "this account may not sign in any more: ask the operator of the registry");
  const act: Act = { ...visitor.from, atMs: clock.nowMs(), act: "sign-in", outcome: "success", actor: account.name };
  const start = async (queries: Queries) => {
    const session = { account, source, providerSessionId };
    const { cookie } = await sessions.start(queries, session, browserOf(visitor));
    await recordAct(queries, { ...act, target: account.name, detail: { source } });
    return cookie;
  };
  return metadata.transaction(start, { durable: false });
}

/** Of somebody whom the provider or the rules did not let in. What nobody has begun here is no sign-in. */
async function recordFailure(
  { metadata, clock }: SignInParts,
  { from }: Visitor,
  { provider, error }: { readonly provider: string; readonly error: unknown },
): Promise<void> {
  if (!(error instanceof RegistryError) || (error.kind !== "denied" && error.kind !== "conflict")) return;
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  const detail = { source: `oidc:${provider}`, reason: reason.slice(0, 200) };
  const act: Act = { ...from, atMs: clock.nowMs(), act: "sign-in", outcome: "failure", detail };
  await metadata.transaction((queries) => recordAct(queries, act), { durable: false });
}
