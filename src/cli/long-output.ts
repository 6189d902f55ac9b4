import { EXIT_IO, type Terminal } from "./terminal.ts";

/** Writes, and waits until the reader has it. */
export type Write = (text: string) => Promise<void>;

/**
 * For outputs of more than a page: each write waits for the reader, so that no more than that is held.
 * @returns the exit code of the work, or that of an output that broke off
 */
export async function writeLong(
  { stdout, stderr }: Pick<Terminal, "stdout" | "stderr">,
  work: (write: Write) => Promise<number>,
): Promise<number> {
  let failure: NodeJS.ErrnoException | undefined;
  stdout.on?.("error", (error) => (failure ??= error));
  try {
    return await work((text) => written(stdout, text));
  } catch (error) {
    failure ??= isOfOutput(error) ? error : undefined;
    if (!failure) throw error;
    // Whoever reads no further, as `head` does, knows so.
    if (failure.code !== "EPIPE") stderr.write(`The output broke off: ${failure.message}.\n`);
    return EXIT_IO;
  }
}

function written(output: Terminal["stdout"], text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.write(text, (error) => (error ? reject(error) : resolve()));
  return promise;
}

function isOfOutput(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && error.syscall === "write";
}
