import { dirname } from "node:path";

import { CoalescedSync, type SyncFolder } from "../../runtime/index.ts";

/** More directories than this are not remembered; that costs a sync more. */
const mostKnown = 4096;

export interface DurableDirectoriesOptions {
  /** Is taken to be durable itself. */
  readonly root: string;
  /** Holds files of all kinds, and is never removed. */
  readonly unfinishedDirectory: string;
  readonly syncDirectory: SyncFolder;
}

interface SharedSync {
  readonly coalesced: CoalescedSync;
  users: number;
}

/** Makes what was entered in directories durable, with one sync for all who wait for the same directory. */
export class DurableDirectories {
  readonly #options: DurableDirectoriesOptions;
  readonly #shared = new Map<string, SharedSync>();
  /**
   * Directories below the root whose own entry, and those of all above them, are durable. Not those of single objects, which another
   * process may remove and make again. Who removes others because they are empty, or meets one that is gone, forgets them.
   */
  readonly #known = new Set<string>();

  constructor(options: DurableDirectoriesOptions) {
    this.#options = options;
  }

  /** Makes the entries of `directory` durable, and the way to it from the root. */
  async sync(directory: string): Promise<void> {
    const made = this.#unknownUpTo(directory);
    await Promise.all([directory, ...made.map(dirname)].map((each) => this.#syncShared(each)));
    if (this.#known.size + made.length > mostKnown) this.#known.clear();
    for (const each of made) if (this.isForAll(each) || each !== directory) this.#known.add(each);
  }

  /** Whether the directory may not be removed, though it may be empty: others lay in it, or any file may. */
  isShared(directory: string): boolean {
    return this.isForAll(directory) || this.#known.has(directory);
  }

  /** Whether any file may lie in it: it is never removed. */
  isForAll(directory: string): boolean {
    return directory === this.#options.unfinishedDirectory;
  }

  /** The directory was made just now: what was known of it was of one that is gone. */
  forget(directory: string): void {
    this.#known.delete(directory);
  }

  /** The directory, or some of those above it up to the root, are not there: the same of all of them. */
  forgetWay(directory: string): void {
    for (let each = directory; each !== this.#options.root && each !== dirname(each); each = dirname(each))
      this.forget(each);
  }

  #unknownUpTo(directory: string): string[] {
    const unknown: string[] = [];
    for (let each = directory; each !== this.#options.root && !this.#known.has(each); each = dirname(each))
      unknown.push(each);
    return unknown;
  }

  async #syncShared(directory: string): Promise<void> {
    const shared = this.#shared.get(directory) ?? this.#share(directory);
    shared.users++;
    try {
      await shared.coalesced.sync();
    } finally {
      if (--shared.users === 0) this.#shared.delete(directory);
    }
  }

  #share(directory: string): SharedSync {
    const shared = { coalesced: new CoalescedSync(() => this.#options.syncDirectory(directory)), users: 0 };
    this.#shared.set(directory, shared);
    return shared;
  }
}
