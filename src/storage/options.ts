export interface FilesystemOptions {
  readonly kind: "filesystem";
  /** registry:2's `rootdirectory`; made when it is missing. */
  readonly rootDirectory: string;
}

export interface InMemoryOptions {
  readonly kind: "inmemory";
}

/** Where bytes are kept. */
export type StorageOptions = FilesystemOptions | InMemoryOptions;
