/** How long it is remembered what was on a day: two years and a bit, so that one can be compared with the other. */
export const REMEMBERED_MS = 800 * 86_400_000;

/** In UTC, as `2026-11-21`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
