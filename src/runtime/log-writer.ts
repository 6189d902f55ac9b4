import { constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { errorCode } from "./error-code.ts";
import { within } from "./within.ts";

const MAX_AGAIN_AFTER_MS = 100;
const STUCK_AFTER_MS = 100;
const LAST_AGAIN_AFTER_MS = 5;
const LAST_ATTEMPTS = 50;

/** Few threads do all file work: of the writes that may wait for a reader, one at a time has such a thread. */
const waitingWrites: Promise<unknown>[] = [];

/**
 * Writes chunks in order, off the caller's thread. What cannot be written, because the reader has gone or the disk is full, is
 * kept and tried again with the next chunk; neither that nor a reader that does not read stops other work or keeps the process
 * from ending.
 */
export class LogWriter {
  readonly #fileDescriptor: number;
  /** Whether a write fails where it would have to wait for the reader. */
  readonly #neverWaits: boolean;
  readonly #maxBufferedBytes: number;
  /** The first is the one under way. */
  readonly #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #writing: Promise<void> | undefined;
  #isBroken = false;
  #isStuck = false;

  constructor(fileDescriptor: number, maxBufferedBytes: number) {
    const ownDescriptor = openPipeAgain(fileDescriptor);
    this.#fileDescriptor = ownDescriptor ?? fileDescriptor;
    this.#neverWaits = ownDescriptor !== undefined;
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  /** Whether the chunk was taken; it is not if too much is waiting already. */
  add(text: string): boolean {
    const chunk = Buffer.from(text);
    const isTaken = this.#bufferedBytes + chunk.byteLength <= this.#maxBufferedBytes;
    if (isTaken) {
      this.#chunks.push(chunk);
      this.#bufferedBytes += chunk.byteLength;
    }
    this.#writing ??= this.#writeChunks();
    return isTaken;
  }

  /** Resolves once all is written or cannot be, or after `timeoutMs`. */
  async settle(timeoutMs: number): Promise<void> {
    if (this.#writing) await within(this.#writing, timeoutMs).catch(() => undefined);
  }

  /** Writes what waits and `text` before the process ends, unless that is known to be in vain; it waits a moment at most. */
  writeLast(text: string): void {
    // Into a socket, for example, a write would wait for the reader as the one under way does.
    if (this.#isBroken || (this.#isStuck && !this.#neverWaits)) return;
    const isUnderWay = this.#writing !== undefined;
    const waiting = isUnderWay ? this.#chunks.slice(1) : this.#chunks;
    const last = Buffer.concat([...waiting, Buffer.from(text)]);
    if (last.byteLength === 0) return;
    // The write under way belongs to another thread, which needs no more than a moment.
    if (isUnderWay) Bun.sleepSync(4 * LAST_AGAIN_AFTER_MS);
    try {
      writeForAMoment(this.#fileDescriptor, last);
    } catch {
      // The reader is gone; the process must end all the same.
    }
  }

  async #writeChunks(): Promise<void> {
    try {
      for (let chunk = this.#chunks[0]; chunk; chunk = this.#chunks[0]) {
        const bytes = await this.#watch(this.#writeSome(chunk));
        this.#isBroken = false;
        this.#bufferedBytes -= bytes;
        if (bytes < chunk.byteLength) this.#chunks[0] = chunk.subarray(bytes);
        else this.#chunks.shift();
      }
    } catch {
      // There is no better place to say so.
      this.#isBroken = true;
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeSome(chunk: Buffer): Promise<number> {
    if (this.#neverWaits) return writeSome(this.#fileDescriptor, chunk);
    while (waitingWrites[0]) await waitingWrites[0].catch(() => undefined);
    const writing = writeSome(this.#fileDescriptor, chunk);
    waitingWrites.push(writing);
    try {
      return await writing;
    } finally {
      void waitingWrites.shift();
    }
  }

  async #watch(writing: Promise<number>): Promise<number> {
    const timer = setTimeout(() => (this.#isStuck = true), STUCK_AFTER_MS);
    timer.unref();
    try {
      return await writing;
    } finally {
      clearTimeout(timer);
      this.#isStuck = false;
    }
  }
}

async function writeSome(fileDescriptor: number, chunk: Buffer): Promise<number> {
  for (let againAfterMs = 1; ; againAfterMs = Math.min(2 * againAfterMs, MAX_AGAIN_AFTER_MS)) {
    try {
      return await writeAsync(fileDescriptor, chunk);
    } catch (error) {
      if (!isFullForNow(error)) throw error;
      await Bun.sleep(againAfterMs);
    }
  }
}

function writeAsync(fileDescriptor: number, chunk: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fileDescriptor, chunk, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

/** A descriptor by which a write to the pipe fails where it would wait; `undefined` for what is no pipe. */
function openPipeAgain(fileDescriptor: number): number | undefined {
  if (!fstatSync(fileDescriptor).isFIFO()) return undefined;
  try {
    return openSync(`/proc/self/fd/${fileDescriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // It may belong to another user, as in a container, and there may be no such path.
    return undefined;
  }
}

function writeForAMoment(fileDescriptor: number, bytes: Buffer): void {
  let rest = bytes;
  for (let attempts = 0; rest.byteLength > 0 && attempts < LAST_ATTEMPTS; attempts++) {
    try {
      rest = rest.subarray(writeSync(fileDescriptor, rest));
    } catch (error) {
      if (!isFullForNow(error)) throw error;
      Bun.sleepSync(LAST_AGAIN_AFTER_MS);
    }
  }
}

function isFullForNow(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EAGAIN" || code === "EBUSY" || code === "EINTR";
}
