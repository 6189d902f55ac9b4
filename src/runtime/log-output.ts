import { LogWriter } from "./log-writer.ts";

/** Where finished lines go. */
export interface LineOutput {
  /** Takes one line without its end; it is written within 100 ms. Never throws and never waits. */
  write(line: string): void;
  /** Resolves once everything taken so far is written, or after `timeoutMs` (2,000) if the reader does not take it. */
  flush(timeoutMs?: number): Promise<void>;
  /**
   * Writes what is left before the process ends; for a handler of `exit`, where nothing can be awaited. What nobody takes
   * within a moment is lost, as the process must end.
   */
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
const CHUNK_CHARS = 32 * 1024;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** Gathers lines and writes them by the chunk, off the request's path. */
export function createLineOutput(options: LineOutputOptions): LineOutput {
  return new BufferedLineOutput(options);
}

class BufferedLineOutput implements LineOutput {
  readonly #writer: LogWriter;
  #chunk = "";
  #chunkLines = 0;
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ fileDescriptor, maxBufferedBytes = MAX_BUFFERED_BYTES }: LineOutputOptions) {
    this.#writer = new LogWriter(fileDescriptor, maxBufferedBytes);
  }

  write(line: string): void {
    this.#chunk += `${line}\n`;
    this.#chunkLines += 1;
    if (this.#chunk.length >= CHUNK_CHARS) this.#handOver();
    else this.#timer ??= setTimeout(() => this.#handOver(), FLUSH_AFTER_MS);
  }

  async flush(timeoutMs = 2000): Promise<void> {
    this.#handOver();
    await this.#writer.settle(timeoutMs);
  }

  flushSync(): void {
    this.#writer.writeLast(this.#takeChunk());
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #handOver(): void {
    const lines = this.#chunkLines;
    const chunk = this.#takeChunk();
    if (chunk !== "" && !this.#writer.add(chunk)) this.#dropped += lines;
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
