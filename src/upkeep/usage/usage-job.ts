import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import type { Registry } from "../../registry/index.ts";
import { toJobSchedule, type WhenOptions } from "../when.ts";
import { measureNodes } from "./measure-nodes.ts";
import { recordStored } from "./record-stored.ts";

const usageInput = z.strictObject({});
type UsageInput = z.output<typeof usageInput>;

export const USAGE_JOB: JobKind<UsageInput> = {
  name: "usage",
  about: "Measures how much each namespace holds.",
  input: usageInput,
  openKey: () => "",
  maxAttempts: 5,
};

/** Measuring, when it is configured or asked for. */
export function usageWork({ registry }: { readonly registry: Registry }, options: WhenOptions): JobWork {
  return defineWork({
    kind: USAGE_JOB,
    schedule: toJobSchedule(options),
    async run(turn: JobTurn<UsageInput>) {
      const { metadata, clock } = registry;
      let blobs = 0;
      const onBlobs = (more: number) => turn.report({ done: (blobs += more), total: null, unit: "blob" });
      const measured = await measureNodes(metadata.reads, { clock, signal: turn.signal, onBlobs });
      await recordStored(metadata, measured, clock.nowMs());
      return { blobs, namespaces: measured.nodes.size };
    },
    isUneventful: () => true,
  });
}
