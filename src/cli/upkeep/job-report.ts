import type { ApiJob } from "../../http/index.ts";
import { bytesOf, partOf, type ShownProgress } from "../progress-line.ts";
import { count, formatBytes } from "../quantities.ts";
import type { Columns } from "../table.ts";

export const JOB_COLUMNS: Columns<ApiJob> = {
  id: (job) => job.id,
  kind: (job) => job.kind,
  state: stateOf,
  progress: (job) => (hasEnded(job) ? undefined : progressText(job)),
  "asked for by": (job) => job.requestedBy,
  created: (job) => job.createdAt,
  ended: (job) => job.endedAt,
  problem: (job) => job.problem,
};

export const JOB_DETAILS: Columns<ApiJob> = {
  id: (job) => job.id,
  kind: (job) => job.kind,
  state: stateOf,
  input: (job) => JSON.stringify(job.input),
  "asked for by": (job) => job.requestedBy,
  created: (job) => job.createdAt,
  due: (job) => job.dueAt,
  begun: (job) => job.startedAt,
  ended: (job) => job.endedAt,
  attempts: (job) => job.attempts,
  progress: progressText,
  result: (job) => (job.result === null ? undefined : describeDetail(job.result).join(", ")),
  problem: (job) => job.problem,
};

const { input: _input, kind: _kind, ...ENDS } = JOB_DETAILS;

/** Of the deletion of many: what was asked for in the place of the job's input. */
export const DELETION_DETAILS: Columns<ApiJob> = { id: (job) => job.id, delete: doomedBy, ...ENDS };

function doomedBy({ input }: ApiJob): string {
  const { path = "", withBelow = false, tags } = input as { path?: string; withBelow?: boolean; tags?: string | null };
  return `${tags ? `tags ${tags} of ` : ""}${path}${withBelow ? "/**" : ""}`;
}

export function hasEnded({ state }: Pick<ApiJob, "state">): boolean {
  return state !== "waiting" && state !== "running";
}

/** How far a job is. */
export function describeProgress({ state, progress }: Pick<ApiJob, "state" | "progress">): ShownProgress {
  if (!progress) return { part: undefined, facts: [state] };
  const { done, total, unit, detail } = progress;
  // What is counted is told already.
  const { [`${unit}s`]: _, ...others } = detail;
  const facts = describeDetail(others);
  if (total === null) return { part: undefined, facts: [amount(done, unit), ...facts] };
  const amounts = unit === "byte" ? bytesOf(done, total) : `${done} of ${count(total, unit)}`;
  return { part: partOf(done, total), facts: [amounts, ...facts] };
}

/** How a job ended, as a sentence. */
export function describeEnd({ id, kind, state, result, problem }: ApiJob): string {
  const what = `Job ${id} (${kind})`;
  if (state === "failed") return `${what} has failed: ${problem ?? "nobody knows why"}.`;
  if (state === "cancelled") return `${what} was cancelled.`;
  const done = describeDetail(result);
  return done.length === 0 ? `${what} is done: there was nothing to do.` : `${what} is done: ${done.join(", ")}.`;
}

function stateOf({ state, isCancelWanted }: ApiJob): string {
  return state === "running" && isCancelWanted ? "running, to be cancelled" : state;
}

function progressText(job: ApiJob): string | undefined {
  if (!job.progress) return undefined;
  const { part, facts } = describeProgress(job);
  const [amounts = ""] = facts;
  return part === undefined ? amounts : `${Math.floor(part * 100)} %, ${amounts}`;
}

function amount(done: number, unit: string): string {
  return unit === "byte" ? formatBytes(done) : count(done, unit);
}

/** Numbers that are not 0, under their names: `freedBytes` is `freed 3.0 MiB`. */
function describeDetail(detail: unknown): readonly string[] {
  if (typeof detail !== "object" || detail === null) return [];
  return Object.entries(detail).flatMap(([name, value]) => {
    if (typeof value !== "number" || value === 0) return [];
    const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    if (words === "bytes") return [formatBytes(value)];
    return words.endsWith(" bytes") ? [`${words.slice(0, -6)} ${formatBytes(value)}`] : [`${words} ${value}`];
  });
}
