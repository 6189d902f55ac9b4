import type { StorageDriver, StoredObject } from "../../storage/index.ts";

/** registry:2's names of what a driver does, which its metrics and dashboards have. */
export type StorageAction = "PutContent" | "Reader" | "Writer" | "Stat" | "Move" | "Delete" | "Walk";

/** Runs one action of a driver with something before and after it. */
export type AroundAction = <T>(action: StorageAction, run: () => Promise<T>) => Promise<T>;

/**
 * The same driver with `around` about each of its actions. A read counts until the object is opened, not until the client
 * has it; a `Writer` includes the waiting for the client's bytes.
 */
export function aroundStorage(driver: StorageDriver, around: AroundAction): StorageDriver {
  const { uploads } = driver;
  return {
    name: driver.name,
    stat: (key) => around("Stat", () => driver.stat(key)),
    read: (key, options) => around("Reader", () => driver.read(key, options)),
    write: (key, bytes) => around("PutContent", () => driver.write(key, bytes)),
    remove: (key) => around("Delete", () => driver.remove(key)),
    move: (from, to) => around("Move", () => driver.move(from, to)),
    iterate: (prefix) => aroundIteration(driver.iterate(prefix), around),
    removeEmpty: (prefix) => around("Delete", () => driver.removeEmpty(prefix)),
    uploads: {
      append: (state, chunks) => around("Writer", () => uploads.append(state, chunks)),
      read: (state) => around("Reader", () => uploads.read(state)),
      finish: (state, key) => around("Move", () => uploads.finish(state, key)),
      cancel: (uploadId) => around("Delete", () => uploads.cancel(uploadId)),
    },
    check: () => driver.check(),
    close: () => driver.close(),
  };
}

async function* aroundIteration(
  objects: AsyncIterable<StoredObject>,
  around: AroundAction,
): AsyncGenerator<StoredObject> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const action = around("Walk", () => ended);
  try {
    yield* objects;
  } catch (error) {
    reject(error);
  } finally {
    resolve();
  }
  await action;
}
