import { type Cluster, findCluster, putClusterReport, removeCluster, type RunningImage } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";

export interface RunningReport {
  readonly cluster: string;
  /** All that it runs now. */
  readonly images: readonly RunningImage[];
  /** How long that holds while nothing more is heard of the cluster. */
  readonly keepMs: number;
}

/** Takes what a cluster says that it runs, in the place of what it said before. On record only if that has changed. */
export async function reportCluster(
  change: RegistryChange,
  { cluster, images, keepMs }: RunningReport,
): Promise<Cluster> {
  const { queries, nowMs } = change;
  const isNew = (await findCluster(queries, cluster)) === undefined;
  const { added, removed } = await putClusterReport(queries, { cluster, images, nowMs, holdsUntilMs: nowMs + keepMs });
  const reported = await getCluster(queries, cluster);
  if (isNew || added > 0 || removed > 0)
    await change.record({ act: "in-use.report", target: cluster, detail: { images: reported.images, added, removed } });
  return reported;
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
