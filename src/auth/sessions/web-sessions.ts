import {
  findWebSession,
  insertWebSession,
  type MetadataDatabase,
  type Queries,
  removeOverWebSessions,
  removeWebSession,
  touchWebSession,
  type WebSessionRecord,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Clock, RandomBytes } from "../../runtime/index.ts";
import { type Account, findAccountById, hashOfSecret, isUnchanged, isUsable } from "../../access/index.ts";
import { type BrowserCookies, clearCookie, findCookie, setCookie } from "./cookies.ts";
import type { SessionOptions } from "./options.ts";
import { newSecret } from "./new-secret.ts";

/** Who a browser is. */
export interface WebSession {
  readonly account: Account;
  /** `local`, `oidc:<provider>`, …: who said so. */
  readonly source: string;
  /** What the pages send back with each request that changes something. */
  readonly csrfToken: string;
}

export interface NewWebSession {
  /** As it was when who it is was found out. */
  readonly account: Pick<Account, "id" | "generation">;
  readonly source: string;
  /** What the provider calls it. */
  readonly providerSessionId?: string | undefined;
}

/** A session that has just begun. */
export interface StartedSession {
  /** For `Set-Cookie`. */
  readonly cookie: string;
  readonly csrfToken: string;
}

export interface WebSessionsParts {
  readonly metadata: MetadataDatabase;
  readonly options: SessionOptions;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** When a session was last seen need not be known more exactly than this. */
const SEEN_EVERY_MS = 60_000;

/** Browsers that are signed in. They hold a random cookie, of which only a hash is kept here. */
export class WebSessions {
  readonly #parts: WebSessionsParts;

  constructor(parts: WebSessionsParts) {
    this.#parts = parts;
  }

  /** @returns `undefined`: the browser is not signed in, or not any more */
  async find(browser: BrowserCookies): Promise<WebSession | undefined> {
    const record = await this.#findRecord(browser);
    if (!record) return undefined;
    const nowMs = this.#parts.clock.nowMs();
    const account = await findAccountById(this.#parts.metadata.reads, record.accountId);
    if (!account || !isUsable(account, nowMs)) return undefined;
    if (nowMs - record.seenAtMs >= SEEN_EVERY_MS) {
      const touch = (queries: Queries) => touchWebSession(queries, record.hash, nowMs);
      await this.#parts.metadata.transaction(touch, { durable: false });
    }
    return { account, source: record.source, csrfToken: record.csrfToken };
  }

  /**
   * Signs a browser in, under a new cookie whatever it had before; who it was before is signed out.
   * @throws RegistryError `denied` if the account has changed since, such as by a new password
   */
  async start(queries: Queries, session: NewWebSession, browser: BrowserCookies): Promise<StartedSession> {
    const { clock, options } = this.#parts;
    const nowMs = clock.nowMs();
    if (!(await isUnchanged(queries, session.account)))
      throw new RegistryError("denied", "the account has just changed: sign in again");
    await removeOverWebSessions(queries, { nowMs, seenBeforeMs: nowMs - options.idleTimeoutMs });
    await this.#remove(queries, browser);
    return this.#insert(queries, browser, {
      accountId: session.account.id,
      source: session.source,
      providerSessionId: session.providerSessionId ?? null,
      createdAtMs: nowMs,
      seenAtMs: nowMs,
      expiresAtMs: nowMs + options.maxAgeMs,
    });
  }

  /** Signs a browser out. @returns for `Set-Cookie` */
  async end(queries: Queries, browser: BrowserCookies): Promise<string> {
    await this.#remove(queries, browser);
    return clearCookie(nameOf(browser), browser.isSecure);
  }

  async #findRecord(browser: BrowserCookies): Promise<WebSessionRecord | undefined> {
    const { metadata, clock, options } = this.#parts;
    const id = findCookie(browser, nameOf(browser));
    const record = id === undefined ? undefined : await findWebSession(metadata.reads, hashOfSecret(id));
    if (!record) return undefined;
    const nowMs = clock.nowMs();
    const isOver = nowMs >= record.expiresAtMs || nowMs - record.seenAtMs >= options.idleTimeoutMs;
    return isOver ? undefined : record;
  }

  async #remove(queries: Queries, browser: BrowserCookies): Promise<void> {
    const id = findCookie(browser, nameOf(browser));
    if (id !== undefined) await removeWebSession(queries, hashOfSecret(id));
  }

  async #insert(
    queries: Queries,
    browser: BrowserCookies,
    session: Omit<WebSessionRecord, "hash" | "csrfToken">,
  ): Promise<StartedSession> {
    const { random } = this.#parts;
    const [id, csrfToken] = [newSecret(random), newSecret(random)];
    await insertWebSession(queries, { ...session, hash: hashOfSecret(id), csrfToken });
    const { isSecure } = browser;
    return { cookie: setCookie({ name: nameOf(browser), value: id, isSecure }), csrfToken };
  }
}

function nameOf({ isSecure }: BrowserCookies): string {
  return isSecure ? "berth" : "berth-session";
}
