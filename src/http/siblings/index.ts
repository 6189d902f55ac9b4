/**
 * How the serving processes of one registry talk to each other: HTTP on sockets that nobody else can reach. An upload belongs
 * to one process, which alone knows its running hash and who works on it; whoever else is asked passes the request on.
 */
export { MetricsLedger } from "./metrics-ledger.ts";
export { passOnUploads, type SiblingProcesses } from "./pass-on-uploads.ts";
export { createSiblingHandler } from "./sibling-handler.ts";
export { watchedMetrics } from "./watched-metrics.ts";
