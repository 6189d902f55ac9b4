const PATIENCE = Number(process.env["BERTH_TEST_PATIENCE"]) || 1;

/** A limit of time for what should be done long before; `BERTH_TEST_PATIENCE=3` makes all three times as long, for a busy machine. */
export function patientMs(usualMs: number): number {
  return usualMs * PATIENCE;
}
