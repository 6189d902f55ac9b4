import {
  type Cluster,
  countClustersOf,
  findCluster,
  putClusterReport,
  removeCluster,
  type RunningImage,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";

export interface RunningReport {
  readonly cluster: string;
  /** All that it runs now. */
  readonly images: readonly RunningImage[];
  /** How long that holds while nothing more is heard of the cluster. */
  readonly keepMs: number;
  /** Whether for any cluster, whoever has reported for it before. */
  readonly isForAny: boolean;
}

/**
 * Takes what a cluster says that it runs, in the place of what it said before. On record only if that has changed.
 * @throws RegistryError `denied` for who is not for any cluster, if somebody else reports for this one: nothing that runs would be held
 * any more
 */
export async function reportCluster(
  change: RegistryChange,
  { cluster, images, keepMs, isForAny }: RunningReport,
): Promise<Cluster> {
  const { queries, nowMs, by } = change;
  const known = await findCluster(queries, cluster);
  const times = { nowMs, holdsUntilMs: nowMs + keepMs };
  const reportedBy = isForAny ? undefined : by.actor;
  if (!isForAny) await requireOwnCluster(queries, { cluster, known, reportedBy });
  const { added, removed } = await putClusterReport(queries, { cluster, images, ...times, reportedBy });
  const reported = await getCluster(queries, cluster);
  if (!known || added > 0 || removed > 0)
    await change.record({ act: "in-use.report", target: cluster, detail: { images: reported.images, added, removed } });
  return reported;
}

/** Each may hold thousands of images. */
const MOST_CLUSTERS = 100;

interface ClaimedCluster {
  readonly cluster: string;
  readonly known: Cluster | undefined;
  readonly reportedBy: string | undefined;
}

/** @throws RegistryError `denied` */
async function requireOwnCluster(
  queries: RegistryChange["queries"],
  { cluster, known, reportedBy = "" }: ClaimedCluster,
): Promise<void> {
  const theirs = known?.reportedBy ?? null;
  if (theirs === reportedBy) return;
  if (theirs !== null)
    throw new RegistryError("denied", `somebody else reports for ${cluster}: say another name, or have it forgotten`);
  if ((await countClustersOf(queries, reportedBy)) < MOST_CLUSTERS) return;
  throw new RegistryError("denied", `${reportedBy} reports for ${MOST_CLUSTERS} clusters already: have some forgotten`);
}

/** Ends all leases of a cluster. @throws RegistryError `not-found` */
export async function forgetCluster(change: RegistryChange, name: string): Promise<void> {
  const { queries } = change;
  const { images } = await getCluster(queries, name);
  await change.record({ act: "in-use.forget", target: name, detail: { images } });
  await removeCluster(queries, name);
}

/** @throws RegistryError `not-found` */
export async function getCluster(queries: RegistryChange["queries"], name: string): Promise<Cluster> {
  const found = await findCluster(queries, name);
  if (found) return found;
  throw new RegistryError("not-found", `nothing was heard of a cluster ${name}`);
}
