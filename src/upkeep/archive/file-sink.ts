/** Files to write: a folder or an archive. Nothing of a file is seen before all of it is there. */
export interface FileSink {
  /** Whether a file of this size is there from before; for a look at its bytes. */
  find(path: string, sizeBytes: number): Promise<Blob | undefined>;
  /** Writes a file; what `content` throws leaves none. */
  put(path: string, sizeBytes: number, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Takes away what is there from before, if it is. */
  remove(path: string): Promise<void>;
  /** Makes an archive visible. */
  finish(): Promise<void>;
  /** Ends what was not finished: an archive leaves nothing, a folder what is whole. */
  discard(): Promise<void>;
}
