/**
 * The message that something ends with.
 *
 * @throws when it ends well.
 */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  const failure: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof Error) return failure.message;
  throw new Error("nothing failed");
}
