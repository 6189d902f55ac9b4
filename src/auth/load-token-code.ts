import type * as TokenCode from "./token-code.ts";

/** Reads what signs and checks tokens. Where there are none it is not read: it takes time at the start, and memory. */
export function loadTokenCode(): Promise<typeof TokenCode> {
  return import("./token-code.ts");
}
