import { createHash } from "node:crypto";
import {
  type ActOrigin,
  endProviderSessions,
  type MetadataDatabase,
  recordAct,
  useTokenOnce,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Clock, RandomBytes } from "../../runtime/index.ts";
import { type ExternalIdentity, hashOfSecret } from "../../access/index.ts";
import { type BrowserCookies, clearCookie, findCookie, setCookie } from "../sessions/cookies.ts";
import { isSameSecret, newSecret } from "../sessions/new-secret.ts";
import { readLogoutToken } from "./logout-token.ts";
import { OidcProvider } from "./oidc-provider.ts";
import type { Seal } from "../tokens/seal.ts";
import type { OidcProviderOptions } from "./options.ts";
import { signInProblem } from "./provider-problem.ts";
import { readIdentity } from "./read-identity.ts";
import { parseReturnTo } from "./return-to.ts";

export interface OidcProvidersParts {
  readonly metadata: MetadataDatabase;
  readonly options: readonly OidcProviderOptions[];
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Its texts go out to browsers. */
  readonly seal: Seal;
}

export interface SignInBeginning {
  /** Where the browser goes when all is done, as it said; checked here. */
  readonly returnTo: string;
  /** Where the provider sends it back to. */
  readonly redirectUri: string;
  /** Whether it speaks HTTPS with us. */
  readonly isSecure: boolean;
}

/** A browser on its way to the provider. */
export interface BegunSignIn {
  readonly url: string;
  /** For `Set-Cookie`: only this browser can come back. */
  readonly stateCookie: string;
}

/** Somebody of whom a provider has said who they are. */
export interface FinishedSignIn {
  readonly identity: ExternalIdentity;
  /** `oidc:<provider>` */
  readonly source: string;
  readonly providerSessionId: string | undefined;
  /** A path of this registry. */
  readonly returnTo: string;
  /** For `Set-Cookie`: takes the state away. */
  readonly stateCookie: string;
}

/** How long a person may take at the provider. */
const MAX_PENDING_MS = 10 * 60_000;

/** Stays with the browser alone, as anybody may begin: nothing is kept of it here until it has come back. */
interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  readonly expiresAtMs: number;
}

const STATE_COOKIE = "berth-sign-in";

/** The providers that people sign in with, by authorization code with PKCE. @spec OpenID Connect Core 1.0, 3.1 */
export class OidcProviders {
  readonly #parts: OidcProvidersParts;
  readonly #providers: ReadonlyMap<string, OidcProvider>;

  /** @throws the error of reading a file of authorities */
  constructor(parts: OidcProvidersParts) {
    this.#parts = parts;
    this.#providers = new Map(parts.options.map((options) => [options.name, new OidcProvider(options, parts.clock)]));
  }

  list(): readonly { readonly name: string; readonly title: string }[] {
    return [...this.#providers.values()].map(({ options: { name, title } }) => ({ name, title }));
  }

  /** @throws RegistryError `not-found`, `bad-request` for where to return to, `unavailable` */
  async beginSignIn(name: string, { returnTo, redirectUri, isSecure }: SignInBeginning): Promise<BegunSignIn> {
    const provider = this.#get(name);
    const { clock, random, seal } = this.#parts;
    const pending: PendingSignIn = {
      state: newSecret(random),
      nonce: newSecret(random),
      codeVerifier: newSecret(random),
      returnTo: parseReturnTo(returnTo),
      expiresAtMs: clock.nowMs() + MAX_PENDING_MS,
    };
    const url = await provider.authorizationUrl(redirectUri, pending);
    const value = seal.seal(JSON.stringify(pending), name);
    return {
      url,
      stateCookie: setCookie({ name: STATE_COOKIE, value, isSecure, maxAgeSeconds: MAX_PENDING_MS / 1000 }),
    };
  }

  /**
   * Takes a browser that comes back from the provider.
   * @param callbackUrl as the browser sees it, with its query
   * @throws RegistryError `not-found`, `bad-request` if it was not sent there, was there before, or took too long;
   *   `denied` if the provider does not sign it in or it may not come in; `unavailable`
   */
  async finishSignIn(name: string, callbackUrl: URL, browser: BrowserCookies): Promise<FinishedSignIn> {
    const provider = this.#get(name);
    const state = callbackUrl.searchParams.get("state") ?? "";
    const pending = this.#findPending(name, state, browser);
    const { nonce, codeVerifier, returnTo } = pending;
    try {
      const claims = await provider.claimsOf({ callbackUrl, state, nonce, codeVerifier });
      await this.#requireFirst(pending);
      return {
        identity: readIdentity(claims, provider.options),
        source: provider.source,
        providerSessionId: typeof claims["sid"] === "string" ? claims["sid"] : undefined,
        returnTo,
        stateCookie: clearCookie(STATE_COOKIE, browser.isSecure),
      };
    } catch (error) {
      throw signInProblem(error, provider.options.title);
    }
  }

  /**
   * Ends the sessions that the provider's logout token says are over, and all tokens of their accounts.
   * @throws RegistryError `not-found`, `bad-request`, `unavailable`
   */
  async endSessions(name: string, logoutToken: string, from: ActOrigin): Promise<void> {
    const provider = this.#get(name);
    const { metadata, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const token = await readLogoutToken(provider, logoutToken, nowMs);
    const hash = createHash("sha256")
      .update(JSON.stringify([provider.options.issuer, token.id]))
      .digest("hex");
    const { source } = provider;
    await metadata.transaction(async (queries) => {
      if (!(await useTokenOnce(queries, { hash, expiresAtMs: token.endsAtMs, nowMs })))
        throw new RegistryError("bad-request", "the logout token was used before");
      const act = { ...from, atMs: nowMs, act: "sign-out", outcome: "success", detail: { source } } as const;
      for (const target of await endProviderSessions(queries, { source, ...token }))
        await recordAct(queries, { ...act, target });
    });
  }

  #get(name: string): OidcProvider {
    const provider = this.#providers.get(name);
    if (provider) return provider;
    throw new RegistryError("not-found", "there is no such identity provider here");
  }

  /** Whoever stole a link to come back by, or sends one to somebody else, does not have the cookie that belongs to it. */
  #findPending(name: string, state: string, browser: BrowserCookies): PendingSignIn {
    const text = this.#parts.seal.unseal(findCookie(browser, STATE_COOKIE) ?? "", name);
    if (text === undefined) throw unknownSignIn();
    const pending = JSON.parse(text) as PendingSignIn;
    if (!isSameSecret(state, pending.state) || pending.expiresAtMs <= this.#parts.clock.nowMs()) throw unknownSignIn();
    return pending;
  }

  /** Remembers it only now that the provider has vouched for somebody, so that nobody else can fill the database. */
  async #requireFirst({ state, expiresAtMs }: PendingSignIn): Promise<void> {
    const { metadata, clock } = this.#parts;
    const use = { hash: hashOfSecret(state), expiresAtMs, nowMs: clock.nowMs() };
    if (!(await metadata.transaction((queries) => useTokenOnce(queries, use)))) throw unknownSignIn();
  }
}

function unknownSignIn(): RegistryError {
  const message = "this sign-in was not begun in this browser, is done already, or took too long: begin again";
  return new RegistryError("bad-request", message);
}
