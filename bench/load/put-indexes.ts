import { percentile } from "../report/statistics.ts";
import { HttpConnection } from "./http-connection.ts";
import { askFor, digestOf, pushBlob, putManifest } from "./push-blob.ts";
import { answerLoad } from "./run-load.ts";
import { ACCEPT_MANIFESTS, INDEX_TYPE, MANIFEST_TYPE, makeSmallImage } from "./small-image.ts";

interface PutIndexesInput {
  readonly port: number;
  readonly repository: string;
  readonly children: number;
  /** For PUT and again for GET. */
  readonly seconds: number;
  /** Makes the indexes of one round differ from every other round's. */
  readonly seed: string;
}

export interface PutIndexesResult {
  readonly puts: number;
  readonly putMs: number;
  readonly getMs: number;
  readonly kilobytes: number;
}

interface Child {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Puts ever new indexes of the same manifests, then gets the last one again and again; over one connection. */
async function putIndexes(input: PutIndexesInput): Promise<PutIndexesResult> {
  const connection = await HttpConnection.open(input.port);
  const children = await pushChildren(connection, input);
  const path = `/v2/${input.repository}/manifests/all`;
  let bytes = makeIndex(children, input.seed, 0);
  const puts = await timeUntil(input.seconds, async (turn) => {
    bytes = makeIndex(children, input.seed, turn);
    return () => putManifest(connection, path, { mediaType: INDEX_TYPE, bytes });
  });
  const gets = await timeUntil(input.seconds, async () => async () => {
    const answer = await askFor(200, connection, { method: "GET", path, accept: ACCEPT_MANIFESTS });
    if (answer.body.length !== bytes.length) throw new Error(`GET ${path}: ${answer.body.length} bytes`);
  });
  connection.close();
  return {
    puts: puts.length,
    putMs: percentile(puts, 50),
    getMs: percentile(gets, 50),
    kilobytes: bytes.length / 1000,
  };
}

async function pushChildren(connection: HttpConnection, input: PutIndexesInput): Promise<readonly Child[]> {
  const { config, layer, manifest } = makeSmallImage("index");
  await pushBlob(connection, input.repository, config);
  await pushBlob(connection, input.repository, layer);
  const children = Array.from({ length: input.children }, (_, number) => {
    const described = { ...JSON.parse(Buffer.from(manifest.bytes).toString()), annotations: { child: String(number) } };
    const bytes = Buffer.from(JSON.stringify(described));
    return { digest: digestOf(bytes), bytes };
  });
  for (const { digest, bytes } of children) {
    const path = `/v2/${input.repository}/manifests/${digest}`;
    const { status } = await connection.ask({ method: "HEAD", path, accept: ACCEPT_MANIFESTS });
    if (status !== 200) await putManifest(connection, path, { mediaType: MANIFEST_TYPE, bytes });
  }
  return children;
}

function makeIndex(children: readonly Child[], seed: string, turn: number): Buffer {
  const manifests = children.map(({ digest, bytes }, number) => ({
    mediaType: MANIFEST_TYPE,
    digest,
    size: bytes.length,
    platform: { architecture: "amd64", os: "linux", variant: `v${number}` },
  }));
  const annotations = { build: `${seed}-${turn}` };
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests, annotations }));
}

/** Milliseconds of each turn until the time is over, at least one; what prepares a turn is not counted. */
async function timeUntil(
  seconds: number,
  prepare: (turn: number) => Promise<() => Promise<void>>,
): Promise<readonly number[]> {
  const endAt = performance.now() + seconds * 1000;
  const times: number[] = [];
  while (times.length === 0 || performance.now() < endAt) {
    const work = await prepare(times.length);
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times;
}

export type PutIndexes = typeof putIndexes;

await answerLoad(putIndexes);
