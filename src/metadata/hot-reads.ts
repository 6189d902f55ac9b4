import { type Compilable, type Kysely, sql } from "kysely";
import type { Digest, ManifestMediaType, RepositoryName, Tag } from "../oci/index.ts";
import type { Soon } from "../runtime/index.ts";
import type { LossReason, Schema } from "./schema.ts";

export interface ManifestHead {
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  readonly sizeBytes: number;
}

export interface ManifestContent extends ManifestHead {
  readonly body: Uint8Array;
}

/** What is recorded of a blob; its bytes are in storage. */
export interface StoredBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly storageKey: string;
  /** `null` unless the bytes were found lost. */
  readonly lostReason: LossReason | null;
}

/** A blob for somebody who is about to name it. */
export interface BlobToName extends StoredBlob {
  /** Since when clean-up waits to judge whether the repository still needs it; `null`: nothing has changed since it did. */
  readonly candidateSinceMs: number | null;
}

/** Something that is on, or was until its time was over. */
export interface SwitchState {
  /** For people. */
  readonly reason: string | null;
  readonly actor: string | null;
  readonly sinceMs: number;
  /** From then on it is off by itself; `null`: until somebody switches it off. */
  readonly untilMs: number | null;
}

export interface HotReads {
  findManifestByTag(repository: RepositoryName, tag: Tag): Soon<ManifestContent | undefined>;
  findManifestByDigest(repository: RepositoryName, digest: Digest): Soon<ManifestContent | undefined>;
  findManifestHeadByTag(repository: RepositoryName, tag: Tag): Soon<ManifestHead | undefined>;
  findManifestHeadByDigest(repository: RepositoryName, digest: Digest): Soon<ManifestHead | undefined>;
  /** A blob that only another repository has does not exist here. */
  findBlobInRepository(repository: RepositoryName, digest: Digest): Soon<StoredBlob | undefined>;
  findBlobToName(repository: RepositoryName, digest: Digest): Soon<BlobToName | undefined>;
  /** A number that tells changes, such as `access`/`generation`. */
  findCounter(room: string, name: string): Soon<{ readonly value: number } | undefined>;
  /** What is switched at run time, such as `registry`/`read-only`; who asks looks whether its time is over. */
  findSwitch(room: string, name: string): Soon<SwitchState | undefined>;
}

/** Runs one statement of two parameters that the engine keeps prepared; the first row or `undefined`, for nobody to change. */
export type FindFirstRow = (first: string, second: string) => Soon<unknown>;

const HEAD = ["m.digest", "m.media_type as mediaType", "m.size_bytes as sizeBytes"] as const;
const CONTENT = [...HEAD, "m.body"] as const;

/** Builds the hot reads once. */
export function prepareHotReads(reads: Kysely<Schema>, prepare: (sql: string) => FindFirstRow): HotReads {
  const read = <Row>(build: (first: never, second: never) => Compilable<Row>) => prepareTwo<Row>(build, prepare);
  return {
    findManifestByTag: read((name, tag) => manifestByTag(reads, name, tag).select(CONTENT)),
    findManifestByDigest: read((name, digest) => manifestByDigest(reads, name, digest).select(CONTENT)),
    findManifestHeadByTag: read((name, tag) => manifestByTag(reads, name, tag).select(HEAD)),
    findManifestHeadByDigest: read((name, digest) => manifestByDigest(reads, name, digest).select(HEAD)),
    findBlobInRepository: read((name, digest) => blobInRepository(reads, name, digest)),
    findBlobToName: read((name, digest) => blobToName(reads, name, digest)),
    findCounter: read((room, name) =>
      reads.selectFrom("counters").select("value").where("room", "=", room).where("name", "=", name),
    ),
    findSwitch: read((room, name) =>
      reads
        .selectFrom("switches")
        .select(["reason", "actor", "since_ms as sinceMs", "until_ms as untilMs"])
        .where("room", "=", room)
        .where("name", "=", name),
    ),
  };
}

function manifestByTag(reads: Kysely<Schema>, name: RepositoryName, tag: Tag) {
  return reads
    .selectFrom("repositories as r")
    .innerJoin("tags as t", "t.repository_id", "r.id")
    .innerJoin("manifests as m", "m.id", "t.manifest_id")
    .where("r.name", "=", name)
    .where("t.name", "=", tag);
}

function manifestByDigest(reads: Kysely<Schema>, name: RepositoryName, digest: Digest) {
  return reads
    .selectFrom("repositories as r")
    .innerJoin("manifests as m", "m.repository_id", "r.id")
    .where("r.name", "=", name)
    .where("m.digest", "=", digest);
}

function blobInRepository(reads: Kysely<Schema>, name: RepositoryName, digest: Digest) {
  return reads
    .selectFrom("repositories as r")
    .innerJoin("repository_blobs as rb", "rb.repository_id", "r.id")
    .innerJoin("blobs as b", "b.id", "rb.blob_id")
    .where("r.name", "=", name)
    .where("b.digest", "=", digest)
    .select(["b.digest", "b.size_bytes as sizeBytes", "b.storage_key as storageKey", "b.lost_reason as lostReason"]);
}

function blobToName(reads: Kysely<Schema>, name: RepositoryName, digest: Digest) {
  return blobInRepository(reads, name, digest)
    .leftJoin("garbage_candidates as c", (join) =>
      join
        .on("c.kind", "=", sql<"link">`'link'`)
        .onRef("c.repository_id", "=", "r.id")
        .onRef("c.target_id", "=", "b.id"),
    )
    .select("c.since_ms as candidateSinceMs");
}

/** Compiles a query whose two parameters stand in the order they are given in. */
function prepareTwo<Row>(
  build: (first: never, second: never) => Compilable<Row>,
  prepare: (sql: string) => FindFirstRow,
): (first: string, second: string) => Soon<Row | undefined> {
  const compiled = build("first" as never, "second" as never).compile();
  if (compiled.parameters.join() !== "first,second") throw new Error(`parameters out of order in ${compiled.sql}`);
  return prepare(compiled.sql) as (first: string, second: string) => Soon<Row | undefined>;
}
