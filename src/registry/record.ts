import { type Act, type ActOrigin, type Queries, recordAct, type TagTarget } from "../metadata/index.ts";
import type { Digest, Manifest, RepositoryName, Tag } from "../oci/index.ts";
import type { Registry } from "./registry.ts";

/** Adds what was done to the audit trail, if there is one, in the transaction that does it. */
export async function record(
  registry: Pick<Registry, "options" | "clock">,
  queries: Queries,
  done: Omit<Act, "atMs" | "outcome">,
): Promise<void> {
  if (!registry.options.isAudited) return;
  await recordAct(queries, { ...done, atMs: registry.clock.nowMs(), outcome: "success" });
}

/** Adds to the audit trail, if there is one, what somebody wanted to do and may not. A power cut may undo it. */
export async function recordRefused(registry: Registry, refused: Omit<Act, "atMs" | "outcome">): Promise<void> {
  if (!registry.options.isAudited) return;
  const act = { ...refused, atMs: registry.clock.nowMs(), outcome: "failure" } as const;
  await registry.metadata.transaction((queries) => recordAct(queries, act), { durable: false });
}

export interface RecordedPush extends ActOrigin {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly sizeBytes: number;
  /** Whether the manifest came with this push. */
  readonly isNew: boolean;
  /** All that the push named. */
  readonly tags: readonly Tag[];
  /** Those that pointed elsewhere before, or were not there. */
  readonly changes: readonly TagChange[];
}

export interface TagChange {
  readonly tag: Tag;
  /** `undefined`: it was not there. */
  readonly from: TagTarget | undefined;
}

/**
 * Each tag that was made or moved is an act of its own, so that who asks for moves finds all of them; the push itself is one
 * unless all that it did was that.
 */
export async function recordPush(registry: Registry, queries: Queries, push: RecordedPush): Promise<void> {
  if (!registry.options.isAudited) return;
  const { actor, address, requestId, repository, digest, changes } = push;
  const by = { actor, address, requestId, target: repository };
  if (push.isNew || changes.length === 0) {
    const { sizeBytes, tags, manifest } = push;
    const subject = manifest.subject?.digest;
    const detail = { digest, mediaType: manifest.mediaType, sizeBytes, tags, subject };
    await record(registry, queries, { ...by, act: "manifest.push", detail });
  }
  for (const { tag, from } of changes)
    await record(registry, queries, {
      ...by,
      act: from === undefined ? "tag.create" : "tag.move",
      detail: { tag, digest, from: from?.digest },
    });
}
