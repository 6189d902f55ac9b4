import type { ActRecord, ChainBreak, ChainReport } from "../../app/index.ts";
import type { ExportComparison } from "../transfer/compare-export.ts";
import { count } from "../quantities.ts";
import { alignColumns } from "../table.ts";

/** What is known of the whole trail. */
export function describeChain({ rows, firstSequence, lastSequence, lastHash, broken }: ChainReport): string {
  const range = rows === 0 ? "" : ` (${firstSequence} to ${lastSequence})`;
  const followed = `${count(rows, "act")}${range} ${rows === 1 ? "follows" : "follow"} from one another`;
  if (broken) return `The audit trail is broken: ${BREAKS[broken.reason](broken.sequence)}. Before it, ${followed}.\n`;
  const last = rows === 0 ? "" : `\nThe last hash, to be kept elsewhere: ${lastSequence} ${lastHash}`;
  return `The audit trail is whole: ${followed}.${last}\n`;
}

const BREAKS: Readonly<Record<ChainBreak, (sequence: number) => string>> = {
  changed: (sequence) =>
    `act ${sequence} does not follow from the one before it; one of the two was changed, or another stands in its place`,
  missing: (sequence) => `act ${sequence} is missing, and perhaps others behind it, though later ones are there`,
  "missing-end": (sequence) => `act ${sequence} and all that followed it are missing`,
  added: (sequence) => `act ${sequence} stands where acts were removed for their age`,
};

/** What the comparison with an export has shown. */
export function describeComparison({ same, removed, unreadable, different }: ExportComparison): string {
  const notes = [
    ...(removed > 0
      ? [`${count(removed, "act")} of the export ${removed === 1 ? "was" : "were"} removed for their age`]
      : []),
    ...(unreadable > 0 ? [`${count(unreadable, "line")} of the export ${unreadable === 1 ? "is" : "are"} no act`] : []),
  ];
  const rest = notes.map((note) => `${note}.\n`).join("");
  if (different)
    return `The audit trail is not what was exported: act ${different.sequence} is another, or missing.\n${rest}`;
  return `${count(same, "act")} ${same === 1 ? "is" : "are"} as exported.\n${rest}`;
}

const HEADINGS = ["no.", "time", "actor", "act", "target", "outcome", "address", "detail"] as const;

/** A table, one line an act. */
export function describeActs(records: readonly ActRecord[]): string {
  return alignColumns([HEADINGS, ...records.map(cellsOf)]);
}

function cellsOf(record: ActRecord): readonly string[] {
  const { sequence, atMs, actor, act, target, outcome, address, detail } = record;
  const time = new Date(atMs).toISOString();
  return [String(sequence), time, ...[actor, act, target, outcome, address, detail].map(shown)];
}

/** A name that somebody tried to sign in with must not rule the terminal. */
function shown(value: string | null): string {
  return value === null ? "-" : value.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
}
