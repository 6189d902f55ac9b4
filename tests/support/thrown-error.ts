import { RegistryError } from "../../src/oci/index.ts";

/**
 * The registry error that `act` throws.
 *
 * @throws when it throws nothing, or something else.
 */
export function thrownBy(act: () => unknown): RegistryError {
  try {
    act();
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
