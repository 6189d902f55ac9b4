import { expect, test } from "bun:test";
import { measureStorage } from "../../../../src/http/observation/measure-storage.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import {
  openStorage,
  parseStorageKey,
  type StorageDriver,
  StorageError,
  type StoredObject,
} from "../../../../src/storage/index.ts";
import { newUpload } from "../../../support/new-upload.ts";

/** Collects what a measured driver reports, on a watch that goes on by a second at each look. */
async function openMeasured(change: (driver: StorageDriver) => StorageDriver = (driver) => driver) {
  const reports: string[] = [];
  let nowMs = 0;
  const storageAction = (driver: string, action: string) => ({
    observe: (seconds: number) => void reports.push(`${driver} ${action} ${seconds}`),
    countFailure: () => void reports.push(`${driver} ${action} failed`),
  });
  const inner = change(await openStorage({ kind: "inmemory" }, { clock: systemClock }));
  const driver = measureStorage(inner, { storageAction }, () => (nowMs += 1000));
  return { driver, reports };
}

const key = parseStorageKey("a/b");
const bytes = new TextEncoder().encode("bytes");

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function listAll(driver: StorageDriver, prefix: string): Promise<StoredObject[]> {
  return Array.fromAsync(driver.iterate(prefix));
}

test("a measured driver does what the driver does, and each action is timed under registry:2's name", async () => {
  const { driver, reports } = await openMeasured();
  await driver.write(key, bytes);
  expect(await driver.stat(key)).toMatchObject({ sizeBytes: 5 });
  expect(await new Response(await driver.read(key)).text()).toBe("bytes");
  const upload = await driver.uploads.append(newUpload("u"), chunks());
  expect(upload.offsetBytes).toBe(5);
  expect(await new Response(await driver.uploads.read(upload)).text()).toBe("bytes");
  await driver.uploads.finish(upload, parseStorageKey("a/c"));
  expect((await listAll(driver, "a/")).map((object) => object.key as string).sort()).toEqual(["a/b", "a/c"]);
  await driver.remove(key);
  await driver.uploads.cancel("v");
  await driver.check();
  await driver.close();
  const actions = "PutContent Stat Reader Writer Reader Move Walk Delete Delete".split(" ");
  expect(reports).toEqual(actions.map((action) => `inmemory ${action} 1`));
});

test("a failure is counted, timed and passed on", async () => {
  const failure = new StorageError("unavailable", "the disk is gone");
  const { driver, reports } = await openMeasured((inner) => ({
    ...inner,
    name: inner.name,
    stat: () => Promise.reject(failure),
    // oxlint-disable-next-line require-yield
    async *iterate() {
      throw failure;
    },
  }));
  expect(await driver.stat(key).catch((error: unknown) => error)).toBe(failure);
  expect(await listAll(driver, "").catch((error: unknown) => error)).toBe(failure);
  expect(reports).toEqual(["inmemory Stat failed", "inmemory Stat 1", "inmemory Walk failed", "inmemory Walk 1"]);
});

test("a walk that is left early is timed all the same", async () => {
  const { driver, reports } = await openMeasured();
  await driver.write(key, bytes);
  for await (const object of driver.iterate("")) {
    expect(object.key).toBe(key);
    break;
  }
  await Promise.resolve();
  expect(reports).toEqual(["inmemory PutContent 1", "inmemory Walk 1"]);
});
