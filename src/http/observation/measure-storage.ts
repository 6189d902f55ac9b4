import type { StorageDriver } from "../../storage/index.ts";
import { aroundStorage, type StorageAction } from "./around-storage.ts";
import type { ActionMeter, Metrics } from "./metrics.ts";

/** The same driver, with its actions timed and its failures counted. */
export function measureStorage(
  driver: StorageDriver,
  metrics: Pick<Metrics, "storageAction">,
  stopwatchMs: () => number,
): StorageDriver {
  const meters = new Map<StorageAction, ActionMeter>();
  const meterOf = (action: StorageAction): ActionMeter => {
    let meter = meters.get(action);
    if (!meter) meters.set(action, (meter = metrics.storageAction(driver.name, action)));
    return meter;
  };
  return aroundStorage(driver, async (action, run) => {
    const meter = meterOf(action);
    const startedAtMs = stopwatchMs();
    try {
      return await run();
    } catch (error) {
      meter.countFailure();
      throw error;
    } finally {
      meter.observe((stopwatchMs() - startedAtMs) / 1000);
    }
  });
}
