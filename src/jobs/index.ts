/**
 * Work after the answer: one durable queue in the database, with leases, retries, schedules, progress and history.
 * It knows no kind of work itself: other rooms say what theirs does, and the wiring hands it in.
 */
export { enqueueJob } from "./enqueue-job.ts";
export { getJobStanding, JobCounts, type Labelled } from "./job-counts.ts";
export type { JobDesk, JobOffer } from "./job-desk.ts";
export { defineWork, type JobKind, JobPostponed, type JobSchedule, type JobTurn, type JobWork } from "./job-kind.ts";
export { findJobTimes } from "./job-times.ts";
export { type JobProgress, parseJobProgress } from "./job-progress.ts";
export { JobRunner } from "./job-runner.ts";
