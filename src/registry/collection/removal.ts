import type { CondemnedBlob } from "../../metadata/index.ts";
import { type StorageDriver, StorageError } from "../../storage/index.ts";
import { keyOf } from "../storage-keys.ts";

/** Bytes that storage was asked to remove. */
export interface Removal {
  readonly blob: CondemnedBlob;
  /** `undefined`: storage has not answered yet. */
  readonly outcome: "gone" | StorageError | undefined;
  /** Comes with the outcome. */
  readonly ended: Promise<void>;
}

/** Bytes that another digest has as well stay, and count as gone. */
export function startRemoval(storage: Pick<StorageDriver, "remove">, blob: CondemnedBlob): Removal {
  const removal: { -readonly [Name in keyof Removal]: Removal[Name] } = {
    blob,
    outcome: blob.isShared ? "gone" : undefined,
    ended: Promise.resolve(),
  };
  if (!blob.isShared)
    removal.ended = remove(storage, blob).then((outcome) => {
      removal.outcome = outcome;
    });
  return removal;
}

async function remove(storage: Pick<StorageDriver, "remove">, blob: CondemnedBlob): Promise<"gone" | StorageError> {
  try {
    await storage.remove(keyOf(blob));
    return "gone";
  } catch (error) {
    if (error instanceof StorageError) return error;
    return new StorageError("unavailable", `${blob.digest} could not be removed`, { cause: error });
  }
}

/** Waits until storage has answered to all of them, but no longer than that. @returns whether it has */
export async function areAllEnded(removals: readonly Removal[], patienceMs: number): Promise<boolean> {
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  await Promise.race([Promise.all(removals.map(({ ended }) => ended)), isOver]);
  clearTimeout(timer);
  return removals.every(({ outcome }) => outcome !== undefined);
}
