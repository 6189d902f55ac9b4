import { findChainEnd, findExportPosition, type Queries } from "../../metadata/index.ts";
import type { AuditExportOptions } from "../options.ts";

/** How many acts each exporter that is configured has still to send, by its name. */
export async function countUnsent(
  queries: Queries,
  exports: AuditExportOptions,
): Promise<Readonly<Record<string, number>>> {
  const { sequence } = await findChainEnd(queries);
  const names = (["syslog", "otlp", "file"] as const).filter((name) => exports[name] !== undefined);
  const unsent = names.map(async (name) => [name, sequence - (await findExportPosition(queries, name))] as const);
  return Object.fromEntries(await Promise.all(unsent));
}
