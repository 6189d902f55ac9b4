import type { Account } from "../../../../src/access/index.ts";
import type { Identity, SignIn } from "../../../../src/auth/index.ts";
import type { ActOrigin } from "../../../../src/metadata/index.ts";
import { RegistryError } from "../../../../src/oci/index.ts";

type Known = Partial<Identity> & { readonly generation?: number };

/** Whoever has a password in a map can sign in; `locked` is locked out, and a job's ID token is the password of `oidc`. */
export class MapSignIn implements SignIn {
  readonly #known: ReadonlyMap<string, Known>;
  readonly #refreshTokens = new Map<string, Identity>();
  /** From where somebody tried, or had a refresh token made. */
  readonly origins: ActOrigin[] = [];

  /** @param known by name and password with a colon between them */
  constructor(known: Readonly<Record<string, Known>>) {
    this.#known = new Map(Object.entries(known));
  }

  async byPassword(credentials: { username: string; password: string }, from: ActOrigin): Promise<Identity> {
    this.origins.push(from);
    const { username, password } = credentials;
    if (username === "locked")
      throw new RegistryError("too-many-requests", "too many failed sign-ins", { detail: { retryAfterSeconds: 37 } });
    const known = this.#known.get(`${username}:${password}`);
    if (!known)
      throw new RegistryError("login-failed", "the user name or the password is wrong", { detail: { user: username } });
    const { generation = 1, ...identity } = known;
    const account = { ...ACCOUNT, name: username, generation };
    return { account, limits: [], expiresAtMs: undefined, isByPassword: true, ...identity };
  }

  vouchedUntilMs(): Promise<number> {
    return Promise.resolve(Infinity);
  }

  isAnybodyWaiting(): boolean {
    return false;
  }

  async byRefreshToken(token: string, from: ActOrigin): Promise<Identity> {
    this.origins.push(from);
    const identity = this.#refreshTokens.get(token);
    if (identity) return { ...identity, isByPassword: false };
    throw new RegistryError("login-failed", "the refresh token is not known or has expired");
  }

  async createRefreshToken(identity: Identity, from: ActOrigin): Promise<string> {
    this.origins.push(from);
    const token = `berth_refresh_${this.#refreshTokens.size + 1}`;
    this.#refreshTokens.set(token, identity);
    return token;
  }
}

const ACCOUNT: Account = {
  id: 1,
  name: "",
  kind: "user",
  source: "local",
  systemRole: undefined,
  ownerPath: undefined,
  groupIds: [],
  generation: 1,
  isDisabled: false,
  expiresAtMs: undefined,
  mustChangePassword: false,
};
