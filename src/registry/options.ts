/** What an operator decides about pushing and pulling. */
export interface RegistryOptions {
  /** Refuses every change. */
  readonly readOnly: boolean;
  /** Without it tags, manifests and blobs cannot be deleted by clients. */
  readonly deleteEnabled: boolean;
  /** Whether pushes and deletes are in the audit trail. */
  readonly isAudited: boolean;
  /** How long what clients delete can be had back; 0: not at all. */
  readonly binKeepMs: number;
  /** How long clean-up leaves what has lost the last that named it. */
  readonly garbageWindowMs: number;
  /** How long what a cluster runs is held while nothing more is heard of it. */
  readonly inUseKeepMs: number;
  /** A larger blob is refused while it is received; 0 is no limit. */
  readonly maxBlobBytes: number;
  readonly validation: ValidationOptions;
}

export interface ValidationOptions {
  /** `false` takes manifests whose references are not there. */
  readonly enabled: boolean;
  /** URLs of non-distributable layers must match one of `allowedUrls` and none of `deniedUrls`. */
  readonly allowedUrls: readonly RegExp[];
  readonly deniedUrls: readonly RegExp[];
  /** Which children of an index must be there. */
  readonly requiredPlatforms: "all" | "none" | readonly RequiredPlatform[];
}

export interface RequiredPlatform {
  readonly os: string;
  readonly architecture: string;
}
