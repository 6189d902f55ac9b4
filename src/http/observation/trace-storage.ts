import type { StorageDriver } from "../../storage/index.ts";
import { aroundStorage } from "./around-storage.ts";
import type { Tracing } from "./tracing.ts";

/** The same driver, with a span for each action that a request makes. */
export function traceStorage(driver: StorageDriver, tracing: Pick<Tracing, "child">): StorageDriver {
  const attributes = { "berth.storage.driver": driver.name };
  return aroundStorage(driver, (action, run) => tracing.child(`storage ${action}`, attributes, run));
}
