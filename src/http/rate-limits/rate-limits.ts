import { RegistryError } from "../../oci/index.ts";
import { addressRange, Networks, type Soon } from "../../runtime/index.ts";
import type { AnswerHeaders } from "../answer.ts";
import { HttpError } from "../http-error.ts";
import type { Rate, RateLimitOptions } from "./options.ts";
import { type BucketParts, TokenBuckets } from "./token-buckets.ts";

/** A request of somebody who is known by now. */
export interface AskedRequest {
  /** Who asks; `undefined`: nobody in particular. */
  readonly user: string | undefined;
  /** Of the client; `undefined`: not known, as on a unix socket, where addresses are not counted. */
  readonly address: string | undefined;
  readonly method: string;
  /** What is asked for; `undefined`: a page beside the registry API. */
  readonly endpoint: string | undefined;
}

/** What the answer to a request says of the limit that it counts for. */
export interface CountedPull {
  /** Tells the client how many pulls are left; one that got no manifest does not count. */
  settle(answer: { readonly status: number; readonly headers: Headers }): void;
}

/**
 * Holds clients to so many requests a period. Nothing is shared among processes: of several that serve together each counts
 * for itself and allows its part of the limit, at least one request at once. A restart begins anew.
 */
export class RateLimits {
  readonly #requests: Limit;
  readonly #pulls: Limit;
  readonly #signIns: TokenBuckets | undefined;
  readonly #exempt: Networks;

  constructor(options: RateLimitOptions, parts: BucketParts) {
    this.#requests = limitOf(options, parts);
    this.#pulls = limitOf(options.pulls, parts);
    this.#signIns = bucketsOf(options.signIns, parts);
    this.#exempt = new Networks(options.exempt);
  }

  /**
   * Counts a request before it is worked on.
   * @returns for a GET or HEAD of a manifest, where pulls are limited, what its answer has to say
   * @throws HttpError `too-many-requests`
   */
  admit(request: AskedRequest): CountedPull | undefined {
    if (this.#isExempt(request.address)) return undefined;
    this.#countRequest(request);
    const isPull = request.method === "GET";
    if (request.endpoint !== "manifest" || !(isPull || request.method === "HEAD")) return undefined;
    const counter = counterOf(this.#pulls, request);
    return counter && countPull(counter, isPull);
  }

  #isExempt(address: string | undefined): boolean {
    return address !== undefined && this.#exempt.has(address);
  }

  #countRequest(request: AskedRequest): void {
    // Every client begins with this one, without credentials, to learn how to sign in.
    if (request.endpoint === "base" && request.user === undefined) return;
    const counter = counterOf(this.#requests, request);
    if (!counter || counter.buckets.take(counter.key)) return;
    throw tooMany(counter, "too many requests");
  }

  /**
   * Makes an attempt to sign in, unless there were too many wrong ones from the address. Those that run at the same time are
   * all let through, and counted when they have failed.
   * @throws HttpError `too-many-requests`, and whatever `attempt` throws; `login-failed` of it is counted
   */
  signingIn<T>(address: string | undefined, attempt: () => Soon<T>): Soon<T> {
    const buckets = this.#signIns;
    if (!buckets || address === undefined || this.#isExempt(address)) return attempt();
    const counter = { buckets, key: addressRange(address) };
    if (buckets.waitMs(counter.key) > 0) throw tooMany(counter, "too many wrong passwords from this address");
    const note = (error: unknown): never => {
      if (error instanceof RegistryError && error.kind === "login-failed") buckets.owe(counter.key);
      throw error;
    };
    try {
      const outcome = attempt();
      return outcome instanceof Promise ? outcome.catch(note) : outcome;
    } catch (error) {
      return note(error);
    }
  }
}

interface Limit {
  readonly users: TokenBuckets | undefined;
  readonly anonymous: TokenBuckets | undefined;
}

function limitOf({ users, anonymous }: RateLimitOptions["pulls"], parts: BucketParts): Limit {
  return { users: bucketsOf(users, parts), anonymous: bucketsOf(anonymous, parts) };
}

function bucketsOf(rate: Rate | undefined, parts: BucketParts): TokenBuckets | undefined {
  return rate && new TokenBuckets(rate, parts);
}

/** Where a request is counted. */
interface Counter {
  readonly buckets: TokenBuckets;
  readonly key: string;
}

function counterOf({ users, anonymous }: Limit, { user, address }: AskedRequest): Counter | undefined {
  if (user !== undefined) return users && { buckets: users, key: user };
  return anonymous && address !== undefined ? { buckets: anonymous, key: addressRange(address) } : undefined;
}

function countPull(counter: Counter, isPull: boolean): CountedPull {
  const { buckets, key } = counter;
  if (isPull && !buckets.take(key)) throw tooMany(counter, "too many pulls", pullHeaders(counter));
  return {
    settle({ status, headers }) {
      if (isPull && status >= 400) buckets.giveBack(key);
      for (const [name, value] of Object.entries(pullHeaders(counter))) headers.set(name, value);
    },
  };
}

/** Docker Hub's. */
function pullHeaders({ buckets, key }: Counter): AnswerHeaders {
  const { requests, periodMs } = buckets.rate;
  const window = `w=${Math.ceil(periodMs / 1000)}`;
  return {
    "RateLimit-Limit": `${requests};${window}`,
    "RateLimit-Remaining": `${buckets.remaining(key)};${window}`,
    // Names of users may have what no header may.
    "Docker-RateLimit-Source": key.replaceAll(/[^\x21-\x7e]/gu, "?"),
  };
}

function tooMany({ buckets, key }: Counter, what: string, headers: AnswerHeaders = {}): HttpError {
  const seconds = Math.ceil(buckets.waitMs(key) / 1000);
  return new HttpError("too-many-requests", `${what}: try again in ${seconds} s`, {
    ...headers,
    "Retry-After": String(seconds),
  });
}
