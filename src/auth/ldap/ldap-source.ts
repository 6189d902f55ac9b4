import { RegistryError, shorten } from "../../oci/index.ts";
import type { Clock, Log } from "../../runtime/index.ts";
import type { ExternalIdentity } from "../../access/index.ts";
import type { PasswordSource } from "../sign-in/password-source.ts";
import { whyDisabled } from "./account-state.ts";
import { DirectoryConnections } from "./directory-connections.ts";
import { fillBindTemplate, isDnTemplate } from "./escape-ldap.ts";
import { findGroups } from "./find-groups.ts";
import { findUser, findUserByName, type FoundUser, identityOf, readUser } from "./find-user.ts";
import type { LdapConnection } from "./ldap-connection.ts";
import type { LdapEntry } from "./ldap-entry.ts";
import { isRefusal, LdapError, ldapErrorOf, refusalReason, saysKnownUser } from "./ldap-error.ts";
import type { LdapOptions } from "./options.ts";
import { SignInTurns } from "./sign-in-turns.ts";

export interface LdapSourceNeeds {
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Asks a directory for users and their passwords, each time anew. Connects when the first one signs in.
 *
 * A group is twice in `groups`, as {@link normalizeGroupName} writes it: by DN and, unless two groups of the user share it, by
 * common name.
 * @throws Error if the file of the authorities cannot be read
 */
export function openLdapSource(options: LdapOptions, needs: LdapSourceNeeds): LdapSource {
  return new LdapSource(options, needs);
}

type Refusal = "unknown-user" | "wrong-password";
type Outcome = ExternalIdentity | Refusal;

const MAX_NAME_LENGTH = 256;
/** Sign-ins that wait beside those that are under way. */
const MAX_WAITING = 200;

class LdapSource implements PasswordSource {
  readonly name: string;
  /** Absent with direct bind, where nobody may look without a user's password. */
  readonly findUser?: (username: string) => Promise<ExternalIdentity | undefined>;
  readonly #options: LdapOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #connections: DirectoryConnections;
  readonly #turns: SignInTurns;

  constructor(options: LdapOptions, { log, clock }: LdapSourceNeeds) {
    this.name = `ldap:${options.name}`;
    this.#options = options;
    this.#log = log.child({ directory: options.name });
    this.#clock = clock;
    this.#connections = new DirectoryConnections(options, { clock, log: this.#log });
    if (options.bind.kind === "search") this.findUser = (username) => this.#findByName(username);
    this.#turns = new SignInTurns(options.maxSignIns, MAX_WAITING, options.timeoutMs);
    if (options.tls.skipVerify)
      this.#log.warn("insecureskipverify is on: any certificate of the directory is believed");
  }

  async checkPassword(username: string, password: string): Promise<Outcome> {
    if (!isPossibleName(username)) return "unknown-user";
    // Servers take an empty password for nobody's and say yes; one that reads up to the NUL would, too.
    if (password === "" || password.includes("\0")) return "wrong-password";
    const { bind } = this.#options;
    if (bind.kind === "search") return this.#ask(() => this.#findAndBind(username, password));
    return this.#ask(() => this.#bindAndRead(bind.template, username, password));
  }

  async close(): Promise<void> {
    await this.#connections.close();
    await this.#turns.drain();
  }

  async #findByName(username: string): Promise<ExternalIdentity | undefined> {
    if (!isPossibleName(username)) return undefined;
    return this.#ask(() =>
      this.#connections.search(async (connection) => {
        const entry = this.#judge(await findUserByName(connection, this.#options, username), username);
        return typeof entry === "string" ? undefined : this.#identify(connection, entry);
      }),
    );
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await this.#turns.run(question);
    } catch (cause) {
      if (!(cause instanceof LdapError)) throw cause;
      this.#log.error("the directory cannot be asked", { reason: cause.message });
      const message = `the directory ${this.#options.name} cannot be asked at the moment: try again`;
      throw new RegistryError("unavailable", message, { cause });
    }
  }

  async #findAndBind(username: string, password: string): Promise<Outcome> {
    const found = await this.#connections.search((connection) => findUser(connection, this.#options, username));
    const entry = this.#judge(found, username);
    if (typeof entry === "string") return entry;
    const refusal = await this.#connections.asUser((connection) => tryBind(connection, entry.dn, password));
    if (refusal) return this.#refuse(username, refusalReason(refusal));
    return this.#connections.search((connection) => this.#identify(connection, entry));
  }

  async #bindAndRead(template: string, username: string, password: string): Promise<Outcome> {
    const bindName = fillBindTemplate(template, username);
    if (bindName === undefined) return "unknown-user";
    return this.#connections.asUser(async (connection) => {
      const refusal = await tryBind(connection, bindName, password);
      if (refusal) {
        this.#refuse(username, refusalReason(refusal));
        // Most directories do not tell a wrong password from nobody of this name, whom another source may know.
        return saysKnownUser(refusal) ? "wrong-password" : "unknown-user";
      }
      const entry = this.#judge(await this.#ownEntry(connection, { template, bindName, username }), username);
      if (typeof entry === "string") return entry;
      // Whoever binds by a name need not be the one whose entry is found by it.
      const other = isDnTemplate(template) ? undefined : await tryBind(connection, entry.dn, password);
      if (other) return this.#refuse(username, `the password is not that of ${entry.dn}`);
      return this.#identify(connection, entry);
    });
  }

  #ownEntry(connection: LdapConnection, by: { template: string; bindName: string; username: string }) {
    if (isDnTemplate(by.template)) return readUser(connection, this.#options, by.bindName);
    return findUser(connection, this.#options, by.username);
  }

  #judge(found: FoundUser, username: string): LdapEntry | Refusal {
    if (found === "none") return "unknown-user";
    if (found === "several") {
      this.#log.warn("several entries of the directory have one name", { user: shorten(username) });
      return "wrong-password";
    }
    const reason = whyDisabled(found, this.#clock.nowMs());
    return reason === undefined ? found : this.#refuse(username, reason);
  }

  #refuse(username: string, reason: string): "wrong-password" {
    this.#log.info("the directory refuses a user", { user: shorten(username), reason });
    return "wrong-password";
  }

  async #identify(connection: LdapConnection, entry: LdapEntry): Promise<ExternalIdentity> {
    const { users, groups } = this.#options;
    const identity = identityOf(entry, users);
    if (groups === undefined) return identity;
    const { names, isCutShort } = await findGroups(connection, groups, { entry, name: identity.name });
    if (isCutShort) this.#log.warn("a user has more groups than are looked at", { user: shorten(identity.name) });
    return { ...identity, groups: names };
  }
}

function isPossibleName(username: string): boolean {
  return username !== "" && username.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(username);
}

/** @returns why not, if the server says no to the user and not to us */
async function tryBind(connection: LdapConnection, name: string, password: string): Promise<LdapError | undefined> {
  try {
    await connection.bind(name, password);
    return undefined;
  } catch (thrown) {
    const error = ldapErrorOf(thrown);
    if (isRefusal(error)) return error;
    throw error;
  }
}
