import {
  COMMAND,
  describeFinding as asLogLine,
  type Finding,
  type RepairedIndex,
  type ScrubOutcome,
  type UnknownFiles,
} from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";

/** A line about something that was found. */
export function describeFinding(finding: Finding): string {
  const { level, message } = asLogLine(finding);
  if (finding.kind === "wrong-quota") return `${level}: ${message}: ${describeCorrection(finding)}\n`;
  return `${level === "error" ? "damage" : level}: ${finding.digest}: ${message}${detailsOf(finding)}\n`;
}

function detailsOf(finding: Exclude<Finding, { kind: "wrong-quota" }>): string {
  if (finding.kind === "failed-check") return ` (${reasonOf(finding.error)})`;
  if (finding.kind === "damaged-manifest") return `; in ${finding.repository}${keptIn(finding.quarantineKey)}`;
  if (finding.kind === "restored-blob") return "";
  const { repositories, quarantineKey, quarantineError } = finding;
  const where = repositories.length === 0 ? "in no repository" : `in ${repositories.join(", ")}`;
  const stuck = quarantineError === undefined ? "" : `; could not be moved away: ${reasonOf(quarantineError)}`;
  return `; ${where}${keptIn(quarantineKey)}${stuck}`;
}

function keptIn(key: string | undefined): string {
  return key === undefined ? "" : `; moved to ${key}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A line about what `--repair-index` did. */
export function describeRepair(repaired: RepairedIndex): string {
  const { manifests, columns, references, blobs, links, unresolved, quotas } = repaired;
  const done = [
    `${columns} with wrong columns`,
    `${references} with wrong references`,
    `${count(blobs, "blob")} entered`,
    `${count(links, "blob")} linked`,
    `${unresolved} not found`,
  ];
  const corrected = quotas.map((quota) => `Counted again: ${describeCorrection(quota)}.\n`);
  return `Repaired the index of ${count(manifests, "manifest")}: ${done.join(", ")}.\n${corrected.join("")}`;
}

/** A line about files that are on no record; none if there are none. */
export function describeUnknown({ files, bytes, first, isEntered }: UnknownFiles): string {
  if (files === 0) return "";
  const what = `${count(files, "file")} (${formatBytes(bytes)}) below blobs/, on no record until now`;
  if (isEntered) return `Entered ${what}: clean-up removes what nobody needs of that.\n`;
  return [
    `Found ${what}, such as ${first[0]}.`,
    `Images that storage describes come in by ${COMMAND} import registry-v2; what is left goes by ${COMMAND} scrub --enter-unknown and clean-up,`,
    "unless an import has left something out.\n",
  ].join("\n");
}

function describeCorrection({ path, recorded, counted }: RepairedIndex["quotas"][number]): string {
  const show = ({ bytes, tags, repositories }: typeof counted) =>
    `${count(bytes, "byte")}, ${count(tags, "tag")} and ${count(repositories, "repository")}`;
  return `${path === "" ? "the root" : path} holds ${show(counted)}, not ${show(recorded)}`;
}

/** What a scrub saw, and what to do. */
export function describeScrub({ tally, isFinished, isResumed, durationMs }: ScrubOutcome): string {
  const { blobs, bytes, damaged, missing, restored, manifests, damagedManifests, failed, correctedQuotas } = tally;
  const found = [
    `${damaged} damaged`,
    `${missing} missing`,
    `${restored} restored`,
    `${count(damagedManifests, "manifest")} damaged`,
    ...(failed > 0 ? [`${failed} could not be checked`] : []),
    ...(correctedQuotas > 0 ? [`${count(correctedQuotas, "quota")} counted wrongly`] : []),
  ];
  const content = `${count(blobs, "blob")} (${formatBytes(bytes)} good) and ${count(manifests, "manifest")}`;
  const seconds = (durationMs / 1000).toFixed(1);
  const lines = [`Scrubbed ${content} in ${seconds} s: ${found.join(", ")}.`];
  if (isResumed) lines.push("Counted in: what an earlier run saw before it was interrupted.");
  if (!isFinished) lines.push(`Interrupted: ${COMMAND} scrub goes on from here, with --restart from the beginning.`);
  if (damaged + missing + damagedManifests > 0) lines.push(...REMEDY);
  return `${lines.join("\n")}\n`;
}

const REMEDY = [
  "What is lost is not served any more; damaged bytes are kept in berth/quarantine. Push the images again: clients send what",
  "is lost. Or put files back from a backup and scrub again.",
];
