import { RecentlyUsed } from "../../runtime/index.ts";
import type { Rate } from "./options.ts";

interface Bucket {
  /** Below zero: more was used than there was. */
  tokens: number;
  filledAtMs: number;
}

/** About how much memory the buckets of one limit may take: some ten thousand of them. */
const REMEMBERED_BYTES = 2 * 1024 * 1024;
const BUCKET_BYTES = 200;
/** Fractions of a token get lost in calculating. */
const ROUNDING = 1e-6;

export interface BucketParts {
  /** Milliseconds since whenever; never jumps. */
  readonly stopwatchMs: () => number;
  /** How many of the same kind share the limit without knowing of each other; 1 or more. */
  readonly processes: number;
}

/**
 * A bucket of tokens for each key, full at first and filled evenly: a request takes one. Those that were used the longest ago
 * are forgotten when there are too many, and so are full again.
 */
export class TokenBuckets {
  readonly rate: Rate;
  readonly #parts: BucketParts;
  readonly #capacity: number;
  readonly #tokensPerMs: number;
  readonly #buckets = new RecentlyUsed<Bucket>(REMEMBERED_BYTES);

  constructor(rate: Rate, parts: BucketParts) {
    const share = rate.requests / parts.processes;
    this.rate = rate;
    this.#parts = parts;
    this.#capacity = Math.max(1, share);
    this.#tokensPerMs = share / rate.periodMs;
  }

  /** @returns whether there was one to take */
  take(key: string): boolean {
    const bucket = this.#fill(key);
    if (bucket.tokens < 1 - ROUNDING) return false;
    bucket.tokens -= 1;
    return true;
  }

  giveBack(key: string): void {
    const bucket = this.#fill(key);
    bucket.tokens = Math.min(bucket.tokens + 1, this.#capacity);
  }

  /** Takes one that may have to be filled in first. What is owed is never more than a full bucket. */
  owe(key: string): void {
    const bucket = this.#fill(key);
    bucket.tokens = Math.max(bucket.tokens - 1, -this.#capacity);
  }

  /** Until there is one to take. */
  waitMs(key: string): number {
    const missing = 1 - this.#fill(key).tokens;
    return missing <= ROUNDING ? 0 : missing / this.#tokensPerMs;
  }

  /** How many requests may follow, as far as this process can tell. */
  remaining(key: string): number {
    const ofAll = Math.floor(this.#fill(key).tokens * this.#parts.processes + ROUNDING);
    return Math.min(Math.max(0, ofAll), this.rate.requests);
  }

  #fill(key: string): Bucket {
    const nowMs = this.#parts.stopwatchMs();
    const bucket = this.#buckets.get(key)?.value;
    if (!bucket) return this.#start(key, nowMs);
    const filled = bucket.tokens + (nowMs - bucket.filledAtMs) * this.#tokensPerMs;
    bucket.tokens = Math.min(filled, this.#capacity);
    bucket.filledAtMs = nowMs;
    return bucket;
  }

  #start(key: string, filledAtMs: number): Bucket {
    const bucket = { tokens: this.#capacity, filledAtMs };
    this.#buckets.set(key, bucket, BUCKET_BYTES + key.length);
    return bucket;
  }
}
