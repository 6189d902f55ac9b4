import { z } from "zod";
import { findJobTimes, type JobOffer, parseJobProgress } from "../../../jobs/index.ts";
import { type JobRecord, listJobs, type Queries } from "../../../metadata/index.ts";
import { RegistryError, shorten } from "../../../oci/index.ts";
import { requireWritable } from "../../../registry/index.ts";
import type { ApiParts } from "../api-parts.ts";
import { endJob, getJob, openJob } from "../open-job.ts";
import { parsePart } from "../read-request.ts";
import { changeableOf } from "../registry-change.ts";
import { type ApiRoute, defineRoute } from "../route.ts";
import { job, jobFilter, jobKind, newJob } from "../schemas/jobs.ts";
import { idParam, listOf, numberPage, timeOf, timeOrNull } from "../schemas/words.ts";
import { type NewestPage, readNewestPage } from "./pages.ts";

const tag = "jobs";
const auditor = { system: "auditor" } as const;
const administrator = { system: "administrator" } as const;
const params = z.strictObject({ id: idParam });

export const JOB_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/job-kinds",
    tag,
    summary: "List what can be asked for, with the input that it takes, and when it comes by itself",
    permission: auditor,
    response: listOf(jobKind),
    async handle({ parts, queries }) {
      const items = await Promise.all(parts.jobs.offers.map((offer) => showOffer(queries, offer)));
      return { body: { items } };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/jobs",
    tag,
    summary: "List jobs, the newest first",
    permission: auditor,
    query: jobFilter.extend(numberPage),
    response: listOf(job),
    async handle({ queries, query: { limit, after, ...filter } }) {
      const read = (page: NewestPage) => listJobs(queries, { ...filter, ...page });
      const { items, next } = await readNewestPage({ limit, after }, read, ({ id }) => id);
      return { body: { items: items.map(showJob) }, next };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/jobs",
    tag,
    summary: "Ask for a job, which begins soon",
    description:
      "Of most kinds one is open at a time: while it is, another is refused (409). During maintenance all are (405).",
    permission: administrator,
    body: newJob,
    response: job,
    async handle(call) {
      const { parts, caller, body } = call;
      const { kind } = requireOffer(parts, body.kind);
      await requireWritable(changeableOf(parts));
      const input = parsePart(kind.input, body.input ?? {}, "body.input");
      const deed = { act: "job.start", target: kind.name, detail: { input } } as const;
      const opened = await openJob(call, kind, { input, requestedBy: caller.by.actor, deed });
      return { body: showJob(opened), location: `/jobs/${opened.id}` };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/jobs/{id}",
    tag,
    summary: "Show a job, how far it is, and how it ended",
    permission: auditor,
    params,
    response: job,
    handle: async ({ queries, params: { id } }) => ({ body: showJob(await getJob(queries, id)) }),
  }),
  defineRoute({
    method: "POST",
    path: "/jobs/{id}/cancel",
    tag,
    summary: "Cancel a job: at once if it waits, soon if it runs",
    permission: administrator,
    makesNothing: true,
    params,
    response: job,
    async handle(call) {
      const found = await getJob(call.change.queries, call.params.id);
      return { body: showJob(await endJob(call, found, "job")) };
    },
  }),
];

function requireOffer({ jobs }: ApiParts, name: string): JobOffer {
  const offer = jobs.offers.find(({ kind }) => kind.name === name);
  const names = jobs.offers.map(({ kind }) => kind.name).join(", ");
  if (!offer) throw new RegistryError("bad-request", `there is no kind of job "${shorten(name)}": there are ${names}`);
  if (offer.refusal !== undefined) throw new RegistryError("conflict", `no ${name} now: ${offer.refusal}`);
  return offer;
}

export function showJob({ createdAtMs, dueAtMs, startedAtMs, endedAtMs, ...record }: JobRecord): z.input<typeof job> {
  const progress = parseJobProgress(record.progress);
  return {
    ...record,
    input: JSON.parse(record.input) as unknown,
    createdAt: timeOf(createdAtMs),
    // Of a running one it is its lease, which is nobody's business.
    dueAt: record.state === "waiting" ? timeOrNull(dueAtMs) : null,
    startedAt: timeOrNull(startedAtMs),
    endedAt: timeOrNull(endedAtMs),
    progress: progress ? { ...progress, detail: { ...progress.detail } } : null,
    result: JSON.parse(record.result ?? "null") as unknown,
  };
}

async function showOffer(queries: Queries, offer: JobOffer): Promise<z.input<typeof jobKind>> {
  const { kind, refusal } = offer;
  const { everyMs, cron, dueAtMs } = await findJobTimes(queries, offer);
  const { $schema: _, ...input } = z.toJSONSchema(kind.input, { io: "input" });
  return {
    kind: kind.name,
    about: kind.about,
    input,
    refusal: refusal ?? null,
    everySeconds: everyMs === undefined ? null : everyMs / 1000,
    cron: cron ?? null,
    dueAt: timeOrNull(dueAtMs ?? null),
  };
}
