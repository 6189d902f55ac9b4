import type { ContentExplanation, GarbageTally, ManifestKeeper } from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";

/** What a run of clean-up did, or would do. */
export function describeCollection(tally: GarbageTally, dryRun: boolean): string {
  const { candidates, manifests, links, blobs, freedBytes, failed } = tally;
  const gone = [count(manifests, "manifest"), `${count(blobs, "blob")} (${formatBytes(freedBytes)})`];
  const verb = dryRun ? "Would remove" : "Removed";
  const lines = [
    `Judged ${count(candidates, "candidate")}. ${verb} ${gone.join(" and ")}, and ${links} from repositories that do not name them.`,
  ];
  if (failed > 0) lines.push(`${count(failed, "blob")} could not be removed from storage; the next run tries again.`);
  return `${lines.join("\n")}\n`;
}

/** Why content is there, or is not any more. */
export function describeExplanation(explanation: ContentExplanation): string {
  const { digest, blob, links, manifests, inUse, bin, removals } = explanation;
  const lines = [
    ...manifests.map(({ repository, keeper, candidateSinceMs }) => {
      return `manifest in ${repository}: ${keeper ? keptBy(keeper) : "nothing keeps it"}${waiting(candidateSinceMs)}`;
    }),
    ...inUse.filter(isNotSaid(manifests)).map(({ repository, cluster, sinceMs, holdsUntilMs }) => {
      return `manifest in ${repository}: ${runningIn({ cluster, sinceMs, untilMs: holdsUntilMs })}`;
    }),
    ...(blob ? describeBlob(blob, links) : []),
    ...links.map(({ repository, namedBy, namedByCount, candidateSinceMs }) => {
      const names = namedByCount === 0 ? "no manifest names it" : `named by ${namedBy.join(", ")}`;
      const others = namedByCount > namedBy.length ? ` and ${namedByCount - namedBy.length} more` : "";
      return `blob in ${repository}: ${names}${others}${waiting(candidateSinceMs)}`;
    }),
    ...bin.map(({ entry, repository, digest: of, untilMs }) => {
      const what = of === digest ? "in the bin" : `kept by the bin, as ${of} names it,`;
      return `${what} until ${timeOf(untilMs)} (entry ${entry}, of ${repository})`;
    }),
    ...removals.map(describeRemoval),
  ];
  if (lines.length === 0) return `${digest} is not here, and clean-up of the last 90 days did not remove it.\n`;
  return `${lines.join("\n")}\n`;
}

type Removed = ContentExplanation["removals"][number];

function describeRemoval({ kind, repository, reason, run, atMs, lastTag }: Removed): string {
  const what = kind === "manifest" ? "manifest" : "blob";
  const from = repository === null ? "" : ` from ${repository}`;
  return `${what} removed${from} at ${timeOf(atMs)} by ${nameOf(run)}: ${reason}${lastTag ? `; ${describeLoss(lastTag)}` : ""}`;
}

function describeLoss({ tag, digest, atMs, cause, actor }: NonNullable<Removed["lastTag"]>): string {
  const what = digest === null ? "was deleted" : `was moved to ${digest}`;
  const who = actor === null ? "" : ` by ${actor}`;
  return `its last tag ${tag} ${what} at ${timeOf(atMs)} (${cause}${who})`;
}

/** A job and a request say what they are, a run by hand is an id alone. */
function nameOf(run: string): string {
  return run.includes(" ") ? run : `run ${run}`;
}

function describeBlob(blob: NonNullable<ContentExplanation["blob"]>, links: ContentExplanation["links"]): string[] {
  const { sizeBytes, lostReason, condemnedAtMs } = blob;
  const lost = lostReason === null ? "" : `, its bytes are lost (${lostReason})`;
  if (condemnedAtMs !== null)
    return [
      `blob of ${formatBytes(sizeBytes)}: no repository has it since ${timeOf(condemnedAtMs)}; its bytes go next${lost}`,
    ];
  return links.length > 0
    ? [`blob of ${formatBytes(sizeBytes)}${lost}`]
    : [`blob of ${formatBytes(sizeBytes)}: no repository has it${waiting(blob.candidateSinceMs)}${lost}`];
}

function keptBy(keeper: ManifestKeeper): string {
  if (keeper.kind === "tag") return `kept by its tag ${keeper.tag}`;
  if (keeper.kind === "untagged-rule")
    return `nothing names it; manifests without a tag are kept here${saidBy(keeper.node)}`;
  if (keeper.kind === "untagged-age")
    return `nothing names it; it is kept until ${timeOf(keeper.untilMs)}${saidBy(keeper.node)}`;
  if (keeper.kind === "protected") return `protected by ${keeper.node === "" ? "the root" : keeper.node}`;
  if (keeper.kind === "in-use") return `kept: ${runningIn(keeper)}`;
  if (keeper.kind === "kept") return keeper.reason;
  if (keeper.kind === "bin") return `kept by the bin until ${timeOf(keeper.untilMs)} (entry ${keeper.entry})`;
  return `kept by its ${keeper.kind} ${keeper.digest}`;
}

/** Of several clusters that run a manifest one is said to keep it, if nothing else does. */
function isNotSaid(manifests: ContentExplanation["manifests"]) {
  return (lease: ContentExplanation["inUse"][number]) =>
    !manifests.some(
      ({ repository, keeper }) =>
        keeper?.kind === "in-use" && keeper.cluster === lease.cluster && repository === lease.repository,
    );
}

function runningIn({ cluster, sinceMs, untilMs }: Omit<Extract<ManifestKeeper, { kind: "in-use" }>, "kind">): string {
  return `running in ${cluster} since ${timeOf(sinceMs)} (held until ${timeOf(untilMs)}, unless the cluster is heard of)`;
}

/** Which node of the namespace tree says so. */
function saidBy(node: string | undefined): string {
  if (node === undefined) return "";
  return ` (untagged of ${node === "" ? "the root" : node})`;
}

function waiting(sinceMs: number | null): string {
  return sinceMs === null ? "" : ` (to be judged, waits since ${timeOf(sinceMs)})`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
