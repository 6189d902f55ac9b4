/** Some of many, by their names. */
export interface Named {
  readonly count: number;
  readonly first: readonly string[];
}

/** What was done to bring a registry back to a time, and what could not be. */
export interface WoundBack {
  readonly atMs: number;
  /** From the bin. */
  readonly manifestsBack: number;
  /** That came later, into the bin. */
  readonly manifestsGone: number;
  readonly tagsBack: number;
  readonly tagsMoved: number;
  readonly tagsGone: number;
  /** That came later: they are empty, and leave the catalog. */
  readonly repositoriesGone: number;
  /** What people asked for later, and was not done by then. */
  readonly jobsCancelled: number;
  /** Tags whose manifest is not there any more, nor in the bin. They are as in the backup. */
  readonly tagsLost: Named;
  /** Tags whose history does not go back so far. They are as in the backup. */
  readonly tagsUnknown: Named;
  /** Manifests that came back and name what their repository has not. */
  readonly incomplete: Named;
  /** Manifests whose bytes in the bin are damaged. */
  readonly damaged: number;
  /** Repositories that have the name of the backup, which they got later. */
  readonly renamed: Named;
}

const MOST_NAMED = 20;

class Names implements Named {
  count = 0;
  readonly first: string[] = [];

  add(name: string): void {
    this.count += 1;
    if (this.first.length < MOST_NAMED) this.first.push(name);
  }
}

/** A `WoundBack` on its way. */
export class WindingTally implements WoundBack {
  readonly atMs: number;
  manifestsBack = 0;
  manifestsGone = 0;
  tagsBack = 0;
  tagsMoved = 0;
  tagsGone = 0;
  repositoriesGone = 0;
  jobsCancelled = 0;
  damaged = 0;
  readonly tagsLost = new Names();
  readonly tagsUnknown = new Names();
  readonly incomplete = new Names();
  readonly renamed = new Names();

  constructor(atMs: number) {
    this.atMs = atMs;
  }
}
