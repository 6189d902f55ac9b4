import {
  type Act,
  listQuotaAlarms,
  putQuotaAlarm,
  type QuotaAlarm,
  recordAct,
  removeQuotaAlarm,
} from "../../metadata/index.ts";
import {
  describeLevel,
  isNearlyFull,
  levelsOf,
  type QuotaLevel,
  type RefusedPushes,
  type Registry,
} from "../../registry/index.ts";
import { type Log, type Schedule, startSchedule } from "../../runtime/index.ts";
import { allQuotas } from "./all-quotas.ts";

export interface QuotaWatchParts {
  readonly registry: Pick<Registry, "metadata" | "clock" | "options" | "quotaRefusals">;
  readonly log: Pick<Log, "warn">;
}

const LOOK_EVERY_MS = 10_000;
/** That a limit has refused pushes is told once in this time, with how many they were. */
const REFUSALS_EVERY_MS = 3_600_000;

/**
 * Tells of limits that are nearly reached, once until they are so no more, and of pushes that were refused: in the audit trail, if there
 * is one, and in the log. It looks now and then, so that no push does more for it; what was told is a row, so that neither a restart nor another
 * process tells it again.
 */
export class QuotaWatch {
  readonly #parts: QuotaWatchParts;
  /** How many limits it told of that are nearly reached, since the start. */
  warned = 0;

  constructor(parts: QuotaWatchParts) {
    this.#parts = parts;
  }

  /** Looks at all quotas. @throws MetadataError */
  async lookForNearlyFull(): Promise<void> {
    const { reads } = this.#parts.registry.metadata;
    const known = new Map((await listQuotaAlarms(reads, "warn")).map((alarm) => [keyOf(alarm), alarm]));
    const levels: QuotaLevel[] = [];
    for await (const state of allQuotas(reads)) levels.push(...levelsOf(state, state));
    // Where nothing may be, nothing comes near it.
    for (const level of levels.filter((each) => each.limit > 0 && isNearlyFull(each))) {
      const isKnown = known.delete(keyOf(alarmOf(level, "warn")));
      if (!isKnown) await this.#warn(level);
    }
    for (const alarm of known.values()) await this.#end(alarm);
  }

  /** Tells of what this process refused. @throws MetadataError */
  async tellRefusals(): Promise<void> {
    const { quotaRefusals } = this.#parts.registry;
    for (const refused of quotaRefusals.untold()) if (await this.#tellRefused(refused)) quotaRefusals.told(refused);
  }

  async #warn(level: QuotaLevel): Promise<void> {
    const { node, quantity, limit, holds } = level;
    const act = { act: "quota.warn", outcome: "success", target: node, detail: { quantity, limit, holds } } as const;
    if (!(await this.#raise(alarmOf(level, "warn"), act))) return;
    this.warned += 1;
    this.#parts.log.warn(describeLevel(level), { namespace: node, quantity, limit, holds });
  }

  /** @returns whether it was not told within the last hour */
  async #tellRefused({ level, repository, times }: RefusedPushes): Promise<boolean> {
    const { node, quantity, limit, holds, adds } = level;
    const detail = { quantity, limit, holds, adds, repository, times };
    const act = { act: "quota.refused", outcome: "failure", target: node, detail } as const;
    const isTold = await this.#raise(alarmOf(level, "refused"), act, REFUSALS_EVERY_MS);
    if (isTold) this.#parts.log.warn("pushes were refused because of a quota", { namespace: node, ...detail });
    return isTold;
  }

  /** @returns whether nobody has told it yet */
  #raise(alarm: QuotaAlarm, act: Omit<Act, "atMs" | keyof typeof NOBODY>, againAfterMs?: number): Promise<boolean> {
    const { metadata, clock, options } = this.#parts.registry;
    return metadata.transaction(
      async (queries) => {
        const nowMs = clock.nowMs();
        if (!(await putQuotaAlarm(queries, { ...alarm, nowMs, ...(againAfterMs && { againAfterMs }) }))) return false;
        if (options.isAudited) await recordAct(queries, { ...NOBODY, ...act, atMs: nowMs });
        return true;
      },
      { durable: false },
    );
  }

  async #end(alarm: QuotaAlarm): Promise<void> {
    const { metadata } = this.#parts.registry;
    await metadata.transaction((queries) => removeQuotaAlarm(queries, alarm), { durable: false });
  }
}

/**
 * Has a watch look every ten seconds until it is stopped; never in read-only mode.
 * @param looksAtAll whether this process tells of limits that are nearly reached, for all
 */
export function startQuotaWatch(watch: QuotaWatch, { registry, log }: QuotaWatchParts, looksAtAll: boolean): Schedule {
  if (registry.options.readOnly) return { stop: () => Promise.resolve() };
  const onError = (error: unknown) =>
    log.warn("what there is to say of quotas could not be told; it is tried again", { error });
  const schedule = startSchedule({
    firstAfterMs: LOOK_EVERY_MS,
    intervalMs: LOOK_EVERY_MS,
    async run() {
      if (looksAtAll) await watch.lookForNearlyFull();
      await watch.tellRefusals();
    },
    onError,
  });
  return {
    async stop() {
      await schedule.stop();
      await watch.tellRefusals().catch(onError);
    },
  };
}

/** The registry itself. */
const NOBODY = { actor: undefined, address: undefined, requestId: undefined } as const;

function alarmOf({ node: path, quantity }: QuotaLevel, kind: QuotaAlarm["kind"]): QuotaAlarm {
  return { path, quantity, kind };
}

function keyOf({ path, quantity }: QuotaAlarm): string {
  return `${quantity} ${path}`;
}
