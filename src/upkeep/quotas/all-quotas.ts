import { listQuotas, type Queries, type QuotaState } from "../../metadata/index.ts";

const QUOTAS_AT_ONCE = 500;

/** Every node with a quota, read in pages. */
export async function* allQuotas(queries: Queries): AsyncGenerator<QuotaState, void, void> {
  for (let after: string | undefined; ;) {
    const found: readonly QuotaState[] = await listQuotas(queries, { after, limit: QUOTAS_AT_ONCE });
    yield* found;
    if (found.length < QUOTAS_AT_ONCE) return;
    after = found.at(-1)?.path;
  }
}
