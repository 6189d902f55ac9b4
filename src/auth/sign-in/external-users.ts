import type { ActOrigin } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { RecentlyUsed } from "../../runtime/index.ts";
import { type Account, type Accounts, ensureExternalAccount, findAccountById } from "../../access/index.ts";
import type { BasicCredentials } from "../basic-credentials.ts";
import type { PasswordSource } from "./password-source.ts";

export interface ExternalUsersParts {
  readonly accounts: Accounts;
  readonly sources: readonly PasswordSource[];
  /** Random, of this process alone. */
  readonly processKey: Uint8Array;
  /** How long an answer of a source holds. */
  readonly cacheMs: number;
}

interface Vouched {
  readonly accountId: number;
  readonly untilMs: number;
}

/** An account that a source vouches for, up to some time. */
export interface VouchedAccount {
  readonly account: Account;
  /** Exclusive. */
  readonly untilMs: number;
}

/** About how much memory it may take to know whom they vouch for. */
const VOUCHED_BYTES = 1536 * 1024;
const ENTRY_BYTES = 150;

/** Asks the sources of passwords, and remembers for a short while what they said. */
export class ExternalUsers {
  readonly #parts: ExternalUsersParts;
  readonly #vouched = new RecentlyUsed<Vouched>(VOUCHED_BYTES);

  constructor(parts: ExternalUsersParts) {
    this.#parts = parts;
  }

  /**
   * @throws RegistryError `conflict` if the name belongs to an account of another source; `unavailable`
   */
  async byPassword(
    source: PasswordSource,
    credentials: BasicCredentials,
    by: ActOrigin,
  ): Promise<VouchedAccount | "unknown-user" | "wrong-password"> {
    const { username, password } = credentials;
    const mark = this.#markOf(source.name, username, password);
    const remembered = source.remembers ? undefined : await this.#find(mark);
    if (remembered) return remembered;
    const identity = await source.checkPassword(username, password);
    if (typeof identity === "string") return identity;
    const account = await ensureExternalAccount(this.#parts.accounts, { source: source.name, identity }, by);
    return this.#keep(mark, account);
  }

  /**
   * Whether the source of an account still lets it in, for those who come with a token of ours.
   * @returns up to when; `undefined` if not. Of a provider that cannot be asked it is taken to be so.
   * @throws RegistryError `conflict`, `unavailable`
   */
  async vouchedUntilMs(account: Account, by: ActOrigin): Promise<number | undefined> {
    if (account.source === "local" || account.source.startsWith("oidc:")) return Infinity;
    const source = this.#parts.sources.find(({ name }) => name === account.source);
    if (!source) return undefined;
    if (!source.findUser) return Infinity;
    const mark = this.#markOf(source.name, String(account.id));
    const remembered = await this.#find(mark);
    if (remembered) return remembered.untilMs;
    const identity = await source.findUser(account.name);
    if (!identity) return undefined;
    const found = await ensureExternalAccount(this.#parts.accounts, { source: source.name, identity }, by);
    return found.id === account.id ? this.#keep(mark, account).untilMs : undefined;
  }

  #markOf(...parts: readonly string[]): string {
    return new Bun.CryptoHasher("sha256", this.#parts.processKey).update(JSON.stringify(parts)).digest("base64");
  }

  async #find(mark: string): Promise<VouchedAccount | undefined> {
    const { metadata, clock } = this.#parts.accounts;
    const vouched = this.#vouched.get(mark)?.value;
    if (!vouched) return undefined;
    const account = clock.nowMs() < vouched.untilMs && (await findAccountById(metadata.reads, vouched.accountId));
    if (account) return { account, untilMs: vouched.untilMs };
    this.#vouched.delete(mark);
    return undefined;
  }

  #keep(mark: string, account: Account): VouchedAccount {
    const untilMs = this.#parts.accounts.clock.nowMs() + this.#parts.cacheMs;
    this.#vouched.set(mark, { accountId: account.id, untilMs }, ENTRY_BYTES);
    return { account, untilMs };
  }
}

/** @returns up to when the source of an account lets it in; `undefined` if not, or if its name is somebody else's there by now */
export async function vouchedUntilMs(
  externalUsers: ExternalUsers,
  account: Account,
  by: ActOrigin,
): Promise<number | undefined> {
  try {
    return await externalUsers.vouchedUntilMs(account, by);
  } catch (error) {
    if (error instanceof RegistryError && error.kind === "conflict") return undefined;
    throw error;
  }
}
