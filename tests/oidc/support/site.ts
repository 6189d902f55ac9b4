import { randomBytes } from "node:crypto";
import { type Accounts, createAccounts, ensureExternalAccount } from "../../../src/access/index.ts";
import { type OidcProviderOptions, type SignIn, WebSessions } from "../../../src/auth/index.ts";
import { OidcProviders } from "../../../src/auth/oidc/oidc-providers.ts";
import { Seal } from "../../../src/auth/tokens/seal.ts";
import { responseOf } from "../../../src/http/answer.ts";
import { asRegistryError, errorAnswer } from "../../../src/http/error-answer.ts";
import { createSignInDoors, type Door, type SignInParts } from "../../../src/http/index.ts";
import { type MetadataDatabase, openSqlite } from "../../../src/metadata/index.ts";
import { CLIENT_ID, CLIENT_SECRET } from "./identity-provider.ts";

const HOUR_MS = 3_600_000;

/** The sign-in of a registry on a free port, with nothing else of it. */
export class Site {
  readonly url: string;
  readonly database: MetadataDatabase;
  readonly clock = { offsetMs: 0, nowMs: () => Date.now() + this.clock.offsetMs };
  /** Whom providers vouched for. */
  readonly identities: Parameters<SignInParts["ensureExternalAccount"]>[1][] = [];
  readonly sessions: WebSessions;
  readonly #accounts: Accounts;
  readonly #server: Bun.Server<undefined>;
  #doors: readonly Door[] = [];

  private constructor(database: MetadataDatabase) {
    this.database = database;
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
    this.url = `http://127.0.0.1:${this.#server.port}`;
    this.#accounts = createAccounts({ metadata: database, clock: this.clock, random: randomBytes });
    this.sessions = new WebSessions({
      metadata: database,
      options: { idleTimeoutMs: 8 * HOUR_MS, maxAgeMs: 7 * 24 * HOUR_MS },
      clock: this.clock,
      random: randomBytes,
    });
  }

  static async open(): Promise<Site> {
    return new Site(await openSqlite(":memory:"));
  }

  callbackUrl(name: string): string {
    return `${this.url}/sign-in/oidc/${name}/callback`;
  }

  /** Before anything is asked of it. */
  serve(options: readonly OidcProviderOptions[], signIn?: SignIn): void {
    const { database: metadata, clock, sessions } = this;
    const seal = new Seal("the secret of this site", "sign-in", randomBytes);
    const providers = new OidcProviders({ metadata, options, clock, random: randomBytes, seal });
    this.#doors = createSignInDoors({
      metadata,
      providers,
      sessions,
      signIn,
      ensureExternalAccount: (source, identity, by) => {
        this.identities.push(identity);
        return ensureExternalAccount(this.#accounts, { source, identity }, by);
      },
      clock,
      prefix: "/",
    });
  }

  /** What was recorded of sign-ins and sign-outs, oldest first. */
  async acts(): Promise<readonly string[]> {
    const { reads } = this.database;
    const rows = await reads
      .selectFrom("audit")
      .selectAll()
      .where("act", "not like", "user.%")
      .orderBy("sequence")
      .execute();
    return rows.map(({ act, outcome, actor, target }) => [act, outcome, actor, target].join(" "));
  }

  async close(): Promise<void> {
    await this.#server.stop(true);
    await this.database.close();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname: path, searchParams: query } = new URL(request.url);
    const from = { actor: undefined, address: "192.0.2.1", requestId: "r1" };
    const door = this.#doors.find((found) => path.startsWith(found.path));
    if (!door) return new Response(`page ${path}`);
    try {
      return responseOf(
        await door.respond({ request, path, query, origin: this.url, from, introduce: () => undefined }),
      );
    } catch (thrown) {
      const context = { method: request.method, requestId: "r1", challenge: () => "Basic", allow: "GET, HEAD" };
      return responseOf((door.answerError ?? errorAnswer)(asRegistryError(thrown), context));
    }
  }
}

/** The options of a provider on this machine. */
export function providerOptions(issuer: string, more: Partial<OidcProviderOptions> = {}): OidcProviderOptions {
  return {
    name: "corp",
    title: "Corporate login",
    issuer,
    caPath: undefined,
    privateNetworks: ["127.0.0.0/8"],
    allowHttp: true,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    scopes: ["openid", "profile", "email"],
    usernameClaim: "preferred_username",
    displayNameClaim: "name",
    groupsClaim: "groups",
    requiredClaims: {},
    emailDomains: [],
    ...more,
  };
}
