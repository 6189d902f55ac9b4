import type { Metrics } from "../http/index.ts";
import type { MetadataDatabase } from "../metadata/index.ts";
import type { Clock } from "../runtime/index.ts";
import { getUsageStanding, type NamespaceTally, type UsageStanding } from "../upkeep/index.ts";

export interface UsageReadingParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  /** What this process moved. */
  readonly tally: NamespaceTally;
  /** How many namespaces, limits and clusters are told apart. */
  readonly mostNamespaces: number;
}

type Row = Readonly<Record<string, string>>;
interface Labelled {
  readonly labels: Row;
  readonly value: number;
}

/** Who looks at metrics, and however often, costs the database one look a minute. */
const FRESH_MS = 60_000;

/** How much was moved and is held, by namespace; what is in the bin; and what clusters run. */
export function addUsageReadings(metrics: Metrics, parts: UsageReadingParts): void {
  const standing = rememberedStanding(parts);
  addMoved(metrics, parts.tally);
  const addGauge = (
    name: string,
    help: string,
    read: (now: UsageStanding) => number | undefined | readonly Labelled[],
  ) =>
    // Whichever process is asked knows it of all.
    metrics.addReading({ name, help, type: "gauge", together: "max", read: async () => read(await standing()) });
  addStored(addGauge);
  addQuotas(addGauge);
  addGauge("berth_bin_entries", "What clients have deleted and can have back.", ({ binEntries }) => binEntries);
  addGauge(
    "berth_bin_bytes",
    "Of blobs that something in the bin keeps, as measured last.",
    ({ binBytes }) => binBytes,
  );
  addGauge("berth_in_use_images", "Images that a cluster says it runs.", ({ clusters }) =>
    clusters.map(({ name, images }) => ({ labels: { cluster: name }, value: images })),
  );
  addGauge("berth_in_use_reported_timestamp_seconds", "When a cluster was heard of last.", ({ clusters }) =>
    clusters.map(({ name, heardAtMs }) => ({ labels: { cluster: name }, value: heardAtMs / 1000 })),
  );
}

type AddGauge = (name: string, help: string, read: (now: UsageStanding) => readonly Labelled[]) => void;

function addMoved(metrics: Metrics, tally: NamespaceTally): void {
  const addCounter = (name: string, help: string, quantity: Parameters<NamespaceTally["list"]>[0]) =>
    metrics.addReading({
      name: `berth_namespace_${name}_total`,
      help,
      type: "counter",
      read: () => tally.list(quantity).map(({ namespace, value }) => ({ labels: { namespace }, value })),
    });
  addCounter("pulls", "GETs of manifests that are no index.", "pulls");
  addCounter("pushes", "Manifests that were taken.", "pushes");
  addCounter(
    "received_bytes",
    "Bytes of manifests that were taken, and of blobs as far as they came.",
    "receivedBytes",
  );
  addCounter("sent_bytes", "Bytes of blobs and manifests, as announced to clients.", "sentBytes");
  addCounter("cut_bytes", "Of those, of downloads that clients did not take to the end.", "cutBytes");
}

function addStored(addGauge: AddGauge): void {
  const add = (name: string, help: string, read: (stored: UsageStanding["namespaces"][number]) => number) =>
    addGauge(`berth_namespace_${name}_bytes`, help, ({ namespaces }) =>
      namespaces.map((stored) => ({ labels: { namespace: stored.namespace }, value: read(stored) })),
    );
  add("stored", "What all repositories would take if each kept its own.", ({ storedBytes }) => storedBytes);
  add("unique", "What no repository elsewhere has, each content once.", ({ uniqueBytes }) => uniqueBytes);
  add(
    "shared",
    "What repositories elsewhere have, too, each content once.",
    ({ dedupedBytes, uniqueBytes }) => dedupedBytes - uniqueBytes,
  );
}

function addQuotas(addGauge: AddGauge): void {
  const add = (name: string, help: string, read: (level: UsageStanding["quotas"][number]) => number) =>
    addGauge(name, help, ({ quotas }) =>
      quotas.map((level) => {
        const { node, quantity } = level;
        return { labels: { namespace: node === "" ? "/" : node, quantity }, value: read(level) };
      }),
    );
  add("berth_quota_used", "How much a namespace holds of what it has a quota of.", ({ holds }) => holds);
  add("berth_quota_limit", "How much of it it may hold.", ({ limit }) => limit);
}

/** All metrics of a reading are of one look. */
function rememberedStanding({ metadata, clock, mostNamespaces }: UsageReadingParts): () => Promise<UsageStanding> {
  let lookedAtMs = -Infinity;
  let look: Promise<UsageStanding> | undefined;
  return () => {
    const ageMs = clock.nowMs() - lookedAtMs;
    if (look && ageMs >= 0 && ageMs < FRESH_MS) return look;
    lookedAtMs = clock.nowMs();
    const begun = getUsageStanding(metadata, mostNamespaces);
    look = begun;
    // What failed is not remembered.
    begun.catch(() => {
      if (look === begun) look = undefined;
    });
    return begun;
  };
}
