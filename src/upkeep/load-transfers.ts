import type * as Transfers from "./transfers.ts";

/** Reads what backs up, brings in and gives out. Who serves does nothing of it: it takes time at the start, and memory. */
export function loadTransfers(): Promise<typeof Transfers> {
  return import("./transfers.ts");
}
