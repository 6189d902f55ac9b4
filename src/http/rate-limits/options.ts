/** How many requests there may be; absent limits do not exist. */
export interface RateLimitOptions {
  /** Of each address that sends no credentials. */
  readonly anonymous?: Rate | undefined;
  /** Of each user or robot, whatever the address. */
  readonly users?: Rate | undefined;
  /** Wrong user names and passwords of each address. */
  readonly signIns?: Rate | undefined;
  /** GET of manifests, counted beside the above. */
  readonly pulls: {
    readonly anonymous?: Rate | undefined;
    readonly users?: Rate | undefined;
  };
  /** Networks whose requests are not counted. */
  readonly exempt: readonly string[];
}

/** As many at once as in a whole period; what was used comes back evenly over the period. */
export interface Rate {
  /** 1 or more. */
  readonly requests: number;
  readonly periodMs: number;
}
