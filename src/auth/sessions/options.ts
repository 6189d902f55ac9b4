/** How long browsers stay signed in. */
export interface SessionOptions {
  /** After the last request. */
  readonly idleTimeoutMs: number;
  /** After the sign-in. */
  readonly maxAgeMs: number;
}
