import {
  COMMAND,
  type Damage,
  type ImportedRepository,
  type ImportOptions,
  type ImportSummary,
} from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";

/** One line about how far an import is. */
export function describeProgress({ name, position, total, tags, manifests, blobs }: ImportedRepository): string {
  const found = [count(tags, "tag"), count(manifests, "manifest"), count(blobs, "blob")];
  return `[${position}/${total}] ${name}: ${found.join(", ")}`;
}

/** One line about something that does not pull. */
export function describeDamage({ repository, reference, reason, isIndexed }: Damage): string {
  const separator = reference.includes(":") ? "@" : ":";
  const what = reference === "" ? repository : `${repository}${separator}${reference}`;
  const outcome = isIndexed ? "kept, but it cannot be pulled completely" : "left out";
  return `${what}: ${reason} (${outcome})`;
}

/** What an import did, what it did not, and what to do next. */
export function describeImport(summary: ImportSummary, from: ImportOptions): string {
  return [...whatWasDone(summary, from), "", ...whatIsNext(from), ""].join("\n");
}

function whatWasDone(summary: ImportSummary, { dryRun }: ImportOptions): string[] {
  const { contents, added, damaged, danglingLinks, durationMs } = summary;
  const seconds = (durationMs / 1000).toFixed(1);
  const lines = [
    `${dryRun ? "Would import" : "Imported"} ${describeContents(added)} in ${seconds} s; ${damaged.length} damaged.`,
  ];
  if (contents.repositories !== added.repositories || contents.tags !== added.tags)
    lines.push(`The catalogue now holds ${describeContents(contents)}.`);
  if (danglingLinks > 0)
    lines.push(
      `${count(danglingLinks, "link")} to blobs that are gone, as registry:2's garbage collection leaves them, were passed over.`,
    );
  lines.push("Manifests were verified. Blobs were not read: each is taken to be what its path says.");
  return lines;
}

/** How much there is, in words. */
export function describeContents({
  repositories,
  manifests,
  tags,
  blobs,
  blobBytes,
}: ImportSummary["contents"]): string {
  const blobText = `${count(blobs, "blob")} (${formatBytes(blobBytes)})`;
  return `${count(repositories, "repository")}, ${count(manifests, "manifest")}, ${count(tags, "tag")} and ${blobText}`;
}

function whatIsNext({ directory, dryRun, database }: ImportOptions): string[] {
  if (dryRun) return ["Nothing was written. Without --dry-run the same command imports."];
  return [
    `Next: stop registry:2, if one still serves it, then ${COMMAND} serve <its config.yml>, with storage.filesystem.rootdirectory: ${directory}`,
    ...(database === undefined ? [] : [`      and database.path: ${database}`]),
    "What registry:2 took in after this import comes with another run.",
  ];
}
