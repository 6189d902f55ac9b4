import { stat } from "node:fs/promises";

import type { ReportProblem } from "./tls-source.ts";

export interface FollowOptions<T> {
  readonly paths: readonly string[];
  /** Reads and checks them; what it throws is what is wrong with them. */
  readonly read: () => Promise<T>;
  readonly pollIntervalMs: number;
  readonly reportProblem: ReportProblem;
}

/**
 * A value read from files, read again whenever they change. A change that cannot be read is reported once, and the value
 * stays as it was.
 *
 * The files are asked for, not watched: a rename over a file (certbot) and the swap of a folder's symbolic link
 * (Kubernetes secrets) move the watched inode away, and network file systems report nothing at all.
 */
export class FollowedFiles<T> {
  readonly #options: FollowOptions<T>;
  readonly #subscribers = new Set<() => void>();
  readonly #timer: ReturnType<typeof setInterval>;
  #current: T;
  /** What the files looked like when they were last read, well or badly. */
  #readState: string;
  /** The look of the files that could not be read at first sight, which may be half of a change. */
  #suspectState: string | undefined;
  #checking: Promise<void> | undefined;

  /** Reads the files for the first time; rejects with what `read` throws. */
  static async open<T>(options: FollowOptions<T>): Promise<FollowedFiles<T>> {
    const state = await lookOf(options.paths);
    return new FollowedFiles(options, await options.read(), state);
  }

  private constructor(options: FollowOptions<T>, current: T, state: string) {
    this.#options = options;
    this.#current = current;
    this.#readState = state;
    this.#timer = setInterval(() => void this.checkNow(), options.pollIntervalMs);
    this.#timer.unref();
  }

  get current(): T {
    return this.#current;
  }

  /** Calls back after `current` changed. Returns the function that ends it. */
  subscribe(onChange: () => void): () => void {
    this.#subscribers.add(onChange);
    return () => this.#subscribers.delete(onChange);
  }

  /** Looks at the files at once; never rejects. */
  checkNow(): Promise<void> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#subscribers.clear();
  }

  async #check(): Promise<void> {
    const state = await lookOf(this.#options.paths);
    if (state === this.#readState) return;
    try {
      const value = await this.#options.read();
      // Changed while it was read: certificate and key may be of two generations, so the next look decides.
      if ((await lookOf(this.#options.paths)) !== state) return;
      this.#accept(value, state);
    } catch (error) {
      this.#refuse(error, state);
    }
  }

  #accept(value: T, state: string): void {
    this.#readState = state;
    this.#suspectState = undefined;
    if (Bun.deepEquals(value, this.#current)) return;
    this.#current = value;
    for (const notify of this.#subscribers) notify();
  }

  /** Two files are never replaced in one moment, so only what is still broken at the second look is told. */
  #refuse(error: unknown, state: string): void {
    if (this.#suspectState !== state) {
      this.#suspectState = state;
      return;
    }
    this.#readState = state;
    this.#suspectState = undefined;
    const files = this.#options.paths.join(", ");
    this.#options.reportProblem(`${files} changed but cannot be used: what was read before stays in use`, error);
  }
}

/** What the files look like from outside; symbolic links are followed. */
async function lookOf(paths: readonly string[]): Promise<string> {
  return (await Promise.all(paths.map(lookOfOne))).join("\n");
}

async function lookOfOne(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return "missing";
  }
}
