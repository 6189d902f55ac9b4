import type { RegistryV2Summary } from "../../app/index.ts";
import { describeDamage } from "./import-report.ts";
import { count } from "../quantities.ts";

/**
 * What was written for registry:2, what it will not serve, and what to do next.
 * @param out where to, if not in place
 */
export function describeRegistryV2Export(summary: RegistryV2Summary, out: string | undefined): string {
  const { repositories, manifests, tags, blobs, referrerLists, written, removed, damaged, isFinished } = summary;
  const held = [count(repositories, "repository"), count(manifests, "manifest"), count(tags, "tag")];
  const files = `${count(written, "file")} written, ${removed} removed`;
  const lines = [`registry:2 now has ${held.join(", ")} and ${count(blobs, "blob")} of them: ${files}.`];
  if (referrerLists > 0)
    lines.push(
      `What refers to ${count(referrerLists, "manifest")} is listed under tags of its own, as registry:2 has no other way.`,
    );
  if (damaged.length > 0) lines.push("Damaged:", ...damaged.map((damage) => `  ${describeDamage(damage)}`));
  lines.push(
    ...describeKept(summary),
    isFinished ? nextStep(out) : "It was stopped before its end: run it again to go on.",
  );
  return `${lines.join("\n")}\n`;
}

function nextStep(out: string | undefined): string {
  if (out === undefined)
    return "Next: stop Berth, run this once more for what was pushed meanwhile, then start registry:2.";
  return `Next: start registry:2 with storage.filesystem.rootdirectory: ${out}. What is pushed here meanwhile comes with another run.`;
}

function describeKept({ kept, keptCount }: RegistryV2Summary): string[] {
  if (keptCount === 0) return [];
  const named = kept.map(({ repository, reference, reason }) => {
    const separator = reference.includes(":") ? "@" : ":";
    return `  ${repository}${separator}${reference}: ${reason === "unknown" ? "not here" : "moved by registry:2 since"}`;
  });
  const more = keptCount > kept.length ? [`  and ${keptCount - kept.length} more`] : [];
  return [
    "registry:2's files differ in these, which were left as they are:",
    ...named,
    ...more,
    "If registry:2 took them in, import them first. If they were deleted or moved here, --prune removes or moves them.",
  ];
}
