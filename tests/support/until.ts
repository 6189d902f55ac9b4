import { patientMs } from "./patience.ts";

/**
 * Asks every 20 ms until it is so.
 *
 * @throws with what it was about when it is not so within 20 seconds.
 */
export async function until(about: string, isSo: () => boolean | Promise<boolean>, usualMs = 20_000): Promise<void> {
  const timeoutMs = patientMs(usualMs);
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${about}`);
    await Bun.sleep(20);
  }
}
