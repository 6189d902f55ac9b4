import type * as OptionalCode from "./optional-code.ts";

/** Reads tokens, directories, providers and certificates. Where there are none it is not read: it takes time at the start, and memory. */
export function loadOptionalCode(): Promise<typeof OptionalCode> {
  return import("./optional-code.ts");
}
