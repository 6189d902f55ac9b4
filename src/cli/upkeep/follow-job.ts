import { setTimeout as sleep } from "node:timers/promises";
import { COMMAND } from "../../app/index.ts";
import type { ApiJob } from "../../http/index.ts";
import { describeEnd, describeProgress, hasEnded } from "./job-report.ts";
import { ProgressLine } from "../progress-line.ts";
import type { ApiClient } from "../remote/api-client.ts";
import { NotDone } from "../remote/not-done.ts";
import type { Output } from "../remote/output.ts";
import { EXIT_AGAIN, type Terminal } from "../terminal.ts";

const ASK_EVERY_MS = 500;
/** A process that serves looks more often. */
const UNNOTICED_MS = 5000;

export interface Following {
  readonly client: ApiClient;
  readonly out: Output;
  readonly terminal: Pick<Terminal, "stderr">;
}

/**
 * Shows how far a job is until it has ended, and how it did.
 * @param path where it is asked for, such as `/jobs/1`
 * @throws NotDone if it did not succeed
 */
export async function followJob({ client, out, terminal }: Following, path: string): Promise<ApiJob> {
  const stopwatchMs = () => performance.now();
  const line = new ProgressLine(terminal.stderr, stopwatchMs);
  const watch = new JobWatch(line, stopwatchMs);
  for (;;) {
    const job = await client.get<ApiJob>(path);
    if (hasEnded(job)) {
      tellEnd(job, { line, out });
      return job;
    }
    watch.see(job);
    await sleep(ASK_EVERY_MS);
  }
}

function tellEnd(job: ApiJob, { line, out }: { readonly line: ProgressLine; readonly out: Output }): void {
  line.clear();
  if (job.state === "succeeded") return out.done(describeEnd(job), job);
  out.text("", job);
  throw new NotDone(job.state === "cancelled" ? EXIT_AGAIN : 1, describeEnd(job));
}

/** Tells what happens to a job before its end. */
export class JobWatch {
  readonly #line: ProgressLine;
  readonly #stopwatchMs: () => number;
  readonly #startedAtMs: number;
  #told = "";

  constructor(line: ProgressLine, stopwatchMs: () => number) {
    this.#line = line;
    this.#stopwatchMs = stopwatchMs;
    this.#startedAtMs = stopwatchMs();
  }

  see(job: ApiJob): void {
    if (job.state === "running") this.#line.update(() => describeProgress(job));
    const news = this.#newsOf(job);
    if (news === "" || news === this.#told) return;
    this.#told = news;
    this.#line.print(`${news}\n`);
  }

  #newsOf({ id, state, problem, dueAt }: ApiJob): string {
    if (state === "running") return "";
    if (problem !== null) return `Job ${id} waits until ${dueAt ?? "later"}: ${problem}.`;
    if (this.#stopwatchMs() - this.#startedAtMs < UNNOTICED_MS) return "";
    return `Nobody has begun job ${id} yet: it waits for a registry that serves this database, and is not busy. To take it back: ${COMMAND} job cancel ${id}`;
  }
}
