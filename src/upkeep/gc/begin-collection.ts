import { nominateUntagged } from "../../metadata/index.ts";
import type { Registry, UntaggedRule } from "../../registry/index.ts";
import type { GarbageCollection } from "./collect-garbage.ts";
import { noteUntaggedDefault } from "./note-untagged-default.ts";

/** What is configured. */
export interface CollectionRules {
  /** What has lost the last that named it stays this long. */
  readonly windowMs: number;
  readonly untagged: UntaggedRule;
}

/** What one run is asked to do otherwise. */
export interface CollectionWish {
  readonly windowMs?: number | undefined;
  /** Manifests without a tag go as well, unless a node of the namespace tree says that they stay. */
  readonly deleteUntagged: boolean;
  readonly signal: AbortSignal;
}

/**
 * Readies a run of clean-up: what was judged by another rule than that of this run becomes a candidate again.
 * @returns the rules of the run
 * @throws MetadataError
 */
export async function beginCollection(
  { metadata, clock }: Pick<Registry, "metadata" | "clock">,
  configured: CollectionRules,
  { windowMs = configured.windowMs, deleteUntagged, signal }: CollectionWish,
): Promise<Pick<GarbageCollection, "windowMs" | "usualWindowMs" | "untagged">> {
  await noteUntaggedDefault({ metadata, clock }, configured.untagged, signal);
  const rules = { windowMs, usualWindowMs: configured.windowMs };
  if (!deleteUntagged) return { ...rules, untagged: configured.untagged };
  const sinceMs = clock.nowMs() - windowMs;
  await metadata.transaction((queries) => nominateUntagged(queries, { node: "", sinceMs }));
  return { ...rules, untagged: "remove" };
}
