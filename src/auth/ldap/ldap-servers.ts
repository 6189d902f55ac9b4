import type { Clock, Log } from "../../runtime/index.ts";
import { LdapError } from "./ldap-error.ts";

/** How long a server that failed is asked after the others. */
const AVOID_MS = 30_000;

/** The servers of one directory, of which the first that works does. */
export class LdapServers {
  readonly #urls: readonly string[];
  readonly #failedAtMs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(urls: readonly string[], { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#urls = urls;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Tries with one server after the other.
   * @throws the last LdapError if none will do; what else `attempt` throws, at once
   */
  async tryEach<T>(attempt: (url: string) => Promise<T>): Promise<T> {
    let last = new LdapError("no server is configured", undefined);
    for (const url of this.#inOrder()) {
      try {
        const result = await attempt(url);
        this.#failedAtMs.delete(url);
        return result;
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
        this.#failedAtMs.set(url, this.#clock.nowMs());
        this.#log.warn("a server of the directory cannot be asked", { url, reason: error.message });
        last = error;
      }
    }
    throw last;
  }

  #inOrder(): readonly string[] {
    const nowMs = this.#clock.nowMs();
    const hasFailed = (url: string) => nowMs - (this.#failedAtMs.get(url) ?? -AVOID_MS) < AVOID_MS;
    return [...this.#urls.filter((url) => !hasFailed(url)), ...this.#urls.filter(hasFailed)];
  }
}
