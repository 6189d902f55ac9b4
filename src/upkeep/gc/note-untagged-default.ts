import { findUntaggedDefault, nominateSomeUntagged, putUntaggedDefault } from "../../metadata/index.ts";
import type { Registry, UntaggedRule } from "../../registry/index.ts";
import { pause } from "../../runtime/index.ts";

/** Every push waits for a step. */
const AT_ONCE = 200;
const REST_MS = 5;

/**
 * To be called before clean-up with what is configured for manifests without a tag: where they stayed before and go now, those that are there
 * were judged by another rule, and wait from now on to be judged again. Interrupted, the next call begins anew.
 * @throws MetadataError
 */
export async function noteUntaggedDefault(
  { metadata, clock }: Pick<Registry, "metadata" | "clock">,
  untagged: UntaggedRule,
  signal: AbortSignal,
): Promise<void> {
  const theyGo = untagged === "remove";
  const didGo = await findUntaggedDefault(metadata.reads);
  if (didGo === theyGo) return;
  const nowMs = clock.nowMs();
  const nominate = (afterId: number) =>
    metadata.transaction((queries) => nominateSomeUntagged(queries, { afterId, limit: AT_ONCE }, nowMs), {
      durable: false,
    });
  for (let after: number | undefined = theyGo ? 0 : undefined; after !== undefined; after = await nominate(after))
    if (!(await pause(REST_MS, signal))) return;
  await metadata.transaction((queries) => putUntaggedDefault(queries, theyGo));
}
