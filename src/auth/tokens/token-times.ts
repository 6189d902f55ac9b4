/** Keys go on verifying for as long as this after they signed their last token. */
export const MAX_TOKEN_LIFETIME_MS = 24 * 3_600_000;

/** What was begun with a token can be finished for this long after its end. */
export const EXPIRED_GRACE_MS = 24 * 3_600_000;

/** How far the clocks of machines may be apart. */
export const CLOCK_LEEWAY_MS = 60_000;
