import type { RunningRegistry } from "../../support/registry-process.ts";

/** Adds what the registry said about it to a failure. */
export async function withLog<T>(berth: Pick<RunningRegistry, "logs">, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Its log is written behind its answers.
    await Bun.sleep(200);
    const lines = berth.logs().split("\n");
    const complaints = lines.filter((line) => /level=(?:warn|error|fatal)/.test(line)).slice(-8);
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\nlog: ${complaints.join("\n")}`, { cause: error });
  }
}
