import type { Queries } from "../database.ts";
import { raiseAccountGeneration } from "./change-accounts.ts";

/** A browser that is signed in. */
export interface WebSessionRecord {
  /** Of its cookie: SHA-256 in hexadecimal. */
  readonly hash: string;
  readonly accountId: number;
  /** Who said who it is: `local`, `oidc:<provider>`, … */
  readonly source: string;
  /** What the provider calls the session. */
  readonly providerSessionId: string | null;
  readonly csrfToken: string;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
  readonly expiresAtMs: number;
}

export async function insertWebSession(queries: Queries, session: WebSessionRecord): Promise<void> {
  await queries
    .insertInto("web_sessions")
    .values({
      hash: session.hash,
      account_id: session.accountId,
      source: session.source,
      provider_session_id: session.providerSessionId,
      csrf_token: session.csrfToken,
      created_at_ms: session.createdAtMs,
      seen_at_ms: session.seenAtMs,
      expires_at_ms: session.expiresAtMs,
    })
    .execute();
}

/** Also one whose time is over. */
export async function findWebSession(queries: Queries, hash: string): Promise<WebSessionRecord | undefined> {
  return queries
    .selectFrom("web_sessions")
    .select([
      "hash",
      "account_id as accountId",
      "source",
      "provider_session_id as providerSessionId",
      "csrf_token as csrfToken",
      "created_at_ms as createdAtMs",
      "seen_at_ms as seenAtMs",
      "expires_at_ms as expiresAtMs",
    ])
    .where("hash", "=", hash)
    .executeTakeFirst();
}

export async function touchWebSession(queries: Queries, hash: string, seenAtMs: number): Promise<void> {
  await queries.updateTable("web_sessions").set({ seen_at_ms: seenAtMs }).where("hash", "=", hash).execute();
}

export async function removeWebSession(queries: Queries, hash: string): Promise<void> {
  await queries.deleteFrom("web_sessions").where("hash", "=", hash).execute();
}

/** To be called when what an account signs in with changes, so that who knew the old one is out. */
export async function removeWebSessionsOf(queries: Queries, accountId: number): Promise<void> {
  await queries.deleteFrom("web_sessions").where("account_id", "=", accountId).execute();
}

/** Those that have come to their end, or were not seen since. */
export async function removeOverWebSessions(
  queries: Queries,
  { nowMs, seenBeforeMs }: { readonly nowMs: number; readonly seenBeforeMs: number },
): Promise<void> {
  await queries.deleteFrom("web_sessions").where("expires_at_ms", "<=", nowMs).execute();
  await queries.deleteFrom("web_sessions").where("seen_at_ms", "<", seenBeforeMs).execute();
}

/** Whom a provider signs out: one session, or all of an account, or one session of an account. One of the two is there. */
export interface ProviderSignOut {
  readonly source: string;
  readonly providerSessionId?: string | undefined;
  /** What the provider calls the account. */
  readonly externalId?: string | undefined;
}

/**
 * Ends the sessions that a provider says are over, and all tokens of their accounts so far, as a token does not know its session.
 * @returns the names of the accounts
 */
export async function endProviderSessions(queries: Queries, over: ProviderSignOut): Promise<readonly string[]> {
  const { source, providerSessionId, externalId } = over;
  let accounts = queries.selectFrom("accounts").select(["id", "name"]).where("source", "=", source);
  if (externalId !== undefined) accounts = accounts.where("external_id", "=", externalId);
  else accounts = accounts.where("id", "in", accountsOfSession(queries, source, providerSessionId ?? ""));
  const found = await accounts.execute();
  for (const { id } of found) {
    let sessions = queries.deleteFrom("web_sessions").where("source", "=", source).where("account_id", "=", id);
    if (providerSessionId !== undefined) sessions = sessions.where("provider_session_id", "=", providerSessionId);
    await sessions.execute();
    await raiseAccountGeneration(queries, id);
  }
  return found.map(({ name }) => name);
}

function accountsOfSession(queries: Queries, source: string, providerSessionId: string) {
  return queries
    .selectFrom("web_sessions")
    .select("account_id")
    .where("source", "=", source)
    .where("provider_session_id", "=", providerSessionId);
}
