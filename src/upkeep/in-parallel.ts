/** Does `work` on up to `mostAtOnce` items at once. Results come in the order of the items. */
export async function* inParallel<Item, Result>(
  items: AsyncIterable<Item>,
  mostAtOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const running: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Its failure is heard when its turn comes; until then it must not count as unheard.
      result.catch(() => undefined);
      running.push(result);
      const oldest = running.length < mostAtOnce ? undefined : running.shift();
      if (oldest) yield await oldest;
    }
    for (let oldest = running.shift(); oldest; oldest = running.shift()) yield await oldest;
  } finally {
    await Promise.allSettled(running);
  }
}

/** Gathers items until they are `mostItems` or weigh `mostBytes` together. */
export async function* inBatches<Item>(
  items: AsyncIterable<Item>,
  { mostItems, mostBytes = Infinity, bytesOf = () => 0 }: BatchLimits<Item>,
): AsyncGenerator<readonly Item[], void, void> {
  let batch: Item[] = [];
  let batchBytes = 0;
  for await (const item of items) {
    batch.push(item);
    batchBytes += bytesOf(item);
    if (batch.length < mostItems && batchBytes < mostBytes) continue;
    yield batch;
    batch = [];
    batchBytes = 0;
  }
  if (batch.length > 0) yield batch;
}

export interface BatchLimits<Item> {
  readonly mostItems: number;
  /** Absent: any number. */
  readonly mostBytes?: number;
  readonly bytesOf?: (item: Item) => number;
}
