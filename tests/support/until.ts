/**
 * Asks every 20 ms until it is so.
 *
 * @throws with what it was about when it is not so within 20 seconds.
 */
export async function until(about: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${about}`);
    await Bun.sleep(20);
  }
}
