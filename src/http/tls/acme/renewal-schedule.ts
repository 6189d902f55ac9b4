/** When a certificate is to be renewed, and when to try again after a failure. Times are milliseconds since the epoch. */

interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * A third of the lifetime before the end, or up to a thirtieth earlier, so that many registries do not ask at once.
 *
 * @param random from 0 to below 1
 */
export function renewalDueAtMs({ notBeforeMs, notAfterMs }: Validity, random: number): number {
  const lifetimeMs = notAfterMs - notBeforeMs;
  return notAfterMs - lifetimeMs / 3 - (lifetimeMs / 30) * random;
}

const firstRetryMs = 5 * 60_000;
const lastRetryMs = 60 * 60_000;

/**
 * 5, 10, 20, 40, 60, 60, … minutes, each up to a quarter longer: fewer than the five failures an hour after which Let's Encrypt
 * closes the door.
 *
 * @param failures in a row, at least 1
 * @param random from 0 to below 1
 */
export function retryDelayMs(failures: number, random: number): number {
  return Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs) * (1 + random / 4);
}
