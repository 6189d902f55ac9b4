import { RegistryError } from "../../../src/oci/index.ts";

/** What was refused, and how: kind, message to the client, and the reason that only the log gets. */
export interface Refusal {
  readonly kind: string;
  readonly message: string;
  readonly reason: string;
}

/** @throws when the work is not refused. */
export async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const reason = error.cause instanceof Error ? error.cause.message : "";
    return { kind: error.kind, message: error.message, reason };
  }
  throw new Error("nothing was refused");
}
