import { nominateUntagged, type Queries } from "../../metadata/index.ts";

/**
 * To be called in the transaction that changes what a node says of untagged manifests, or
 * whether it is protected: manifests were judged by what it said before.
 */
export async function noteSettingsChange(
  queries: Queries,
  { node, nowMs }: { readonly node: string; readonly nowMs: number },
): Promise<void> {
  await nominateUntagged(queries, { node, sinceMs: nowMs });
}
