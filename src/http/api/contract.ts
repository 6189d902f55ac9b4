import type { z } from "zod";
import type { deleteRequest } from "./schemas/approvals.ts";
import type { act } from "./schemas/audit.ts";
import type { binEmptied, binEntry, binRestored } from "./schemas/bin.ts";
import type { deletionVerdict } from "./schemas/deletions.ts";
import type { moved, plannedMove, redirect } from "./schemas/moves.ts";
import type { cluster, clusterImages } from "./schemas/in-use.ts";
import type { job, jobKind } from "./schemas/jobs.ts";
import type { keep } from "./schemas/keeps.ts";
import type { maintenance } from "./schemas/maintenance.ts";
import type { createdSecret, me, secret, user } from "./schemas/people.ts";
import type { quotaState } from "./schemas/quotas.ts";
import type { explanation, grant, member, namespace } from "./schemas/rules.ts";
import type { setting, simulatedExpiry, tagVerdict } from "./schemas/settings.ts";
import type { plannedTagMove } from "./schemas/tag-moves.ts";
import type { listedTag, tag, tagChange } from "./schemas/tags.ts";
import type { group, groupMapping, groupMember, robot, trust } from "./schemas/teams.ts";
import type { storageUse, storedSum, usageSum } from "./schemas/usage.ts";

/** What the API answers with, as those who ask it get it. */
export type ApiAct = z.output<typeof act>;
export type ApiBinEmptied = z.output<typeof binEmptied>;
export type ApiBinEntry = z.output<typeof binEntry>;
export type ApiBinRestored = z.output<typeof binRestored>;
export type ApiCluster = z.output<typeof cluster>;
export type ApiClusterImages = z.output<typeof clusterImages>;
export type ApiCreatedSecret = z.output<typeof createdSecret>;
export type ApiDeleteRequest = z.output<typeof deleteRequest>;
export type ApiDeletionVerdict = z.output<typeof deletionVerdict>;
export type ApiExplanation = z.output<typeof explanation>;
export type ApiGrant = z.output<typeof grant>;
export type ApiGroup = z.output<typeof group>;
export type ApiGroupMapping = z.output<typeof groupMapping>;
export type ApiGroupMember = z.output<typeof groupMember>;
export type ApiJob = z.output<typeof job>;
export type ApiJobKind = z.output<typeof jobKind>;
export type ApiKeep = z.output<typeof keep>;
export type ApiListedTag = z.output<typeof listedTag>;
export type ApiMaintenance = z.output<typeof maintenance>;
export type ApiMe = z.output<typeof me>;
export type ApiMoved = z.output<typeof moved>;
export type ApiPlannedMove = z.output<typeof plannedMove>;
export type ApiPlannedTagMove = z.output<typeof plannedTagMove>;
export type ApiRedirect = z.output<typeof redirect>;
export type ApiMember = z.output<typeof member>;
export type ApiNamespace = z.output<typeof namespace>;
export type ApiQuotaState = z.output<typeof quotaState>;
export type ApiRobot = z.output<typeof robot>;
export type ApiSecret = z.output<typeof secret>;
export type ApiSetting = z.output<typeof setting>;
export type ApiSimulatedExpiry = z.output<typeof simulatedExpiry>;
export type ApiStorageUse = z.output<typeof storageUse>;
export type ApiStoredSum = z.output<typeof storedSum>;
export type ApiTag = z.output<typeof tag>;
export type ApiTagChange = z.output<typeof tagChange>;
export type ApiTagVerdict = z.output<typeof tagVerdict>;
export type ApiTrust = z.output<typeof trust>;
export type ApiUsageSum = z.output<typeof usageSum>;
export type ApiUser = z.output<typeof user>;

/** A page of a list. */
export interface ApiList<T> {
  readonly items: readonly T[];
}

/** What went wrong. @spec RFC 9457 */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly unknown[];
}
