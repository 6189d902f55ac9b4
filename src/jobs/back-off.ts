const FIRST_MS = 10_000;
/** Nothing waits longer to be begun again. */
export const LONGEST_BACK_OFF_MS = 3_600_000;

/**
 * How long to wait after so many attempts, 1 or more: twice as long each time, and half of it by chance, so that what failed together
 * does not return together.
 */
export function backOffMs(attempts: number, random: () => number): number {
  const fullMs = Math.min(LONGEST_BACK_OFF_MS, FIRST_MS * 2 ** (attempts - 1));
  return Math.round(fullMs * (0.5 + random() / 2));
}
