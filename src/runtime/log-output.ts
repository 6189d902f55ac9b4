import { writeFileSync } from "node:fs";
import SonicBoom from "sonic-boom";

/** Where finished lines go. */
export interface LineOutput {
  /** Takes one line without its end; it is written within 100 ms. Never throws and never waits. */
  write(line: string): void;
  /** Resolves once everything taken so far is written, or after `timeoutMs` (2,000) if the reader does not take it. */
  flush(timeoutMs?: number): Promise<void>;
  /** Writes what is left before the process ends; for a handler of `exit`, where nothing can be awaited. */
  flushSync(): void;
  /** How many lines were lost since the last call, because nobody read fast enough or the disk is full. */
  takeDropped(): number;
}

export interface LineOutputOptions {
  /** 1 is the standard output, 2 the standard error. */
  readonly fileDescriptor: number;
  /** How much is kept for a reader that does not read; beyond it lines are dropped, not memory. */
  readonly maxBufferedBytes?: number;
}

const FLUSH_AFTER_MS = 50;
const WRITE_UNDER_WAY_MS = 20;
const CHUNK_CHARS = 32 * 1024;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** Gathers lines and writes them by the chunk, off the request's path. */
export function createLineOutput(options: LineOutputOptions): LineOutput {
  return new BufferedLineOutput(options);
}

class BufferedLineOutput implements LineOutput {
  readonly #fileDescriptor: number;
  readonly #file: SonicBoom;
  #chunk = "";
  #chunkLines = 0;
  #dropped = 0;
  #isWriting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LineOutputOptions) {
    this.#fileDescriptor = options.fileDescriptor;
    this.#file = new SonicBoom({
      fd: options.fileDescriptor,
      sync: false,
      // With 0 its `flush` would not wait.
      minLength: 1,
      maxWrite: 2 * CHUNK_CHARS,
      maxLength: options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
    });
    this.#file.on("drain", () => (this.#isWriting = false));
    // What could not be written is kept and tried again with the next chunk; there is no better place to say so.
    this.#file.on("error", () => undefined);
  }

  write(line: string): void {
    this.#chunk += `${line}\n`;
    this.#chunkLines += 1;
    if (this.#chunk.length >= CHUNK_CHARS) this.#handOver();
    else this.#timer ??= setTimeout(() => this.#handOver(), FLUSH_AFTER_MS);
  }

  async flush(timeoutMs = 2000): Promise<void> {
    this.#handOver();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const written = new Promise<void>((resolve) => this.#file.flush(() => resolve()));
    const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([written, tooLate]);
    clearTimeout(timer);
  }

  flushSync(): void {
    // A write under way belongs to another thread, which needs no more than a moment unless the reader is stuck.
    if (this.#isWriting) Bun.sleepSync(WRITE_UNDER_WAY_MS);
    const chunk = this.#takeChunk();
    try {
      this.#file.flushSync();
      if (chunk !== "") writeFileSync(this.#fileDescriptor, chunk);
    } catch {
      // The reader is gone; the process must end all the same.
    }
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #handOver(): void {
    const lines = this.#chunkLines;
    const chunk = this.#takeChunk();
    if (chunk === "") return;
    this.#isWriting = true;
    const lost = () => (this.#dropped += lines);
    this.#file.once("drop", lost);
    this.#file.write(chunk);
    this.#file.off("drop", lost);
  }

  #takeChunk(): string {
    const chunk = this.#chunk;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#chunk = "";
    this.#chunkLines = 0;
    return chunk;
  }
}
