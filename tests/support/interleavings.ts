/** What several work on at once, made anew for each order of their steps. */
export interface World {
  /** Each does its steps one after another, and waits for its turn before each of them. */
  readonly actors: readonly ((turn: () => Promise<void>) => Promise<void>)[];
  /** Looks at what has become of the world. */
  readonly check: (order: readonly number[]) => Promise<void>;
  close(): Promise<void>;
}

/** Lets the actors of a world do their steps in every order there is. @returns how many orders there are */
export async function exploreInterleavings(build: () => Promise<World>): Promise<number> {
  let count = 0;
  // Depth first: each run follows a prefix, and then whoever comes first; the last choice that has another way is next.
  for (let prefix: readonly number[] | undefined = []; prefix; count += 1) {
    const choices: readonly Choice[] = await runInOrder(await build(), prefix);
    prefix = nextPrefix(choices);
  }
  return count;
}

interface Choice {
  /** The place among those that wait. */
  readonly taken: number;
  readonly waiting: number;
}

function nextPrefix(choices: readonly Choice[]): readonly number[] | undefined {
  const last = choices.findLastIndex(({ taken, waiting }) => taken + 1 < waiting);
  if (last === -1) return undefined;
  return choices.slice(0, last + 1).map(({ taken }, place) => (place === last ? taken + 1 : taken));
}

async function runInOrder(world: World, prefix: readonly number[]): Promise<readonly Choice[]> {
  const waiting = new Map<number, () => void>();
  const choices: Choice[] = [];
  const order: number[] = [];
  let moved = Promise.withResolvers<void>();
  const running = new Set(world.actors.keys());
  const ends = world.actors.map(async (act, actor) => {
    const turn = () =>
      new Promise<void>((go) => {
        waiting.set(actor, go);
        running.delete(actor);
        moved.resolve();
      });
    try {
      await act(turn);
    } finally {
      running.delete(actor);
      moved.resolve();
    }
  });
  const ended = Promise.all(ends);
  ended.catch(() => undefined);
  try {
    for (;;) {
      while (running.size > 0) {
        moved = Promise.withResolvers<void>();
        if (running.size > 0) await moved.promise;
      }
      if (waiting.size === 0) break;
      const ready = [...waiting.keys()].toSorted((one, other) => one - other);
      const taken = prefix[choices.length] ?? 0;
      const actor = ready[taken] ?? 0;
      choices.push({ taken, waiting: ready.length });
      order.push(actor);
      running.add(actor);
      const go = waiting.get(actor);
      waiting.delete(actor);
      go?.();
    }
    await ended;
    await world.check(order);
  } finally {
    await world.close();
  }
  return choices;
}
