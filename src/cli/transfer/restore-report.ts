import type { Named, RestoredRegistry, WoundBack } from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";

/** What `berth restore` has done, and what it could not, for people. */
export function describeRestored(restored: RestoredRegistry): readonly string[] {
  const { backup, blobs, bytes, olderByMs, woundBack, before, importCommand } = restored;
  const taken = new Date(backup.takenAtMs).toISOString();
  const lines = [
    `Restored ${backup.name}, taken at ${taken}: the database and ${count(blobs, "blob")} (${formatBytes(bytes)}).`,
  ];
  if (olderByMs !== undefined)
    lines.push(`There is no later backup: what happened in the ${describeSpan(olderByMs)} after it is not in it.`);
  if (woundBack) lines.push(...describeWoundBack(woundBack, before));
  if (importCommand !== undefined)
    lines.push(
      "Storage describes images, perhaps newer ones than the backup has. This adds them, before Berth is started; what was deleted since comes back:",
      `  ${importCommand}`,
    );
  return lines;
}

function describeWoundBack(wound: WoundBack, before: string | undefined): readonly string[] {
  const { atMs, manifestsBack, manifestsGone, tagsBack, tagsMoved, tagsGone, repositoriesGone, jobsCancelled } = wound;
  const left = describeLeft(wound);
  const remedy =
    left.length > 0 && before !== undefined ? [`The last backup before that time is --backup ${before}.`] : [];
  return [
    `Wound back to ${new Date(atMs).toISOString()}: ${count(tagsBack, "tag")} made again, ${tagsMoved} moved, ${tagsGone} removed;`,
    `${count(manifestsBack, "manifest")} back from the bin, ${manifestsGone} that came later put into it; ` +
      `${count(repositoriesGone, "repository")} that came later emptied.`,
    ...(jobsCancelled > 0 ? [`Cancelled, as they were asked for later: ${count(jobsCancelled, "job")}.`] : []),
    ...left,
    ...remedy,
  ];
}

function describeLeft(wound: WoundBack): readonly string[] {
  const { tagsLost, tagsUnknown, incomplete, damaged, renamed } = wound;
  return [
    ...named(tagsLost, "As in the backup, as what they pointed at is gone for good:"),
    ...named(tagsUnknown, "As in the backup, as their history does not go back so far:"),
    ...named(incomplete, "Back, and something that they name is not:"),
    ...named(renamed, "Renamed since, and not named back:"),
    ...(damaged > 0 ? [`Not back, as their bytes in the bin are damaged: ${count(damaged, "manifest")}.`] : []),
  ];
}

function named({ count: number, first }: Named, what: string): readonly string[] {
  if (number === 0) return [];
  const others = number > first.length ? `, and ${number - first.length} more` : "";
  return [`${what} ${first.join(", ")}${others}.`];
}

const MINUTE_MS = 60_000;

/** In hours and minutes. */
function describeSpan(ms: number): string {
  const minutes = Math.ceil(ms / MINUTE_MS);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? count(minutes, "minute") : `${count(hours, "hour")} and ${count(minutes % 60, "minute")}`;
}
