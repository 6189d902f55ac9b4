import { afterAll, beforeAll } from "bun:test";

import { type AccessRows, openAccessRows } from "../../support/access-rows.ts";
import { startBerth } from "../../support/berth.ts";
import { type Image, makeImage } from "../../support/image.ts";
import { connectTo, type Login, type RegistryClient, sha256 } from "../../support/registry-client.ts";
import type { RegistryConfig, RunningRegistry } from "../../support/registry-process.ts";
import { packChart, TAG } from "./image-clients.ts";

/** Namespaces as anna sees them: each has an `image` and a `chart`. */
export const NAMESPACES = {
  /** Everybody pulls. */
  open: "open",
  /** She is writer. */
  team: "team",
  /** She is reader. */
  shelf: "shelf",
  /** She is nothing. */
  vault: "vault",
} as const;

export interface AccessWorld {
  readonly registry: RunningRegistry;
  readonly rows: AccessRows;
  readonly image: Image;
  /** Absent where there is no helm. */
  readonly chart: string | undefined;
  readonly anna: Login;
  /** Writer of `team`. */
  readonly robot: Login;
  /** Of anna, for no more than to pull from `team` and `open`. */
  readonly annasToken: Login;
  /** Owner of everything. */
  readonly keeper: Login;
  /** As the keeper. */
  readonly client: RegistryClient;
}

/** Starts one registry with accounts for the tests of the enclosing `describe`. */
export function useAccessWorld(config: RegistryConfig = {}): () => AccessWorld {
  let world: AccessWorld | undefined;
  beforeAll(async () => {
    const registry = await startBerth({ config: { ...config, auth: { accounts: {} } } });
    world = await fill(registry);
  });
  afterAll(async () => {
    await world?.rows.close();
    await world?.registry.stop();
  });
  return () => {
    if (world === undefined) throw new Error("the registry is used before it was started");
    return world;
  };
}

async function fill(registry: RunningRegistry): Promise<AccessWorld> {
  const rows = await openAccessRows(registry);
  const [anna, keeper] = [loginOf("anna"), loginOf("keeper")];
  for (const { user, password } of [anna, keeper]) await rows.user(user, password);
  await rows.role("", "user:keeper", "owner");
  await rows.role(NAMESPACES.team, "user:anna", "writer");
  await rows.role(NAMESPACES.shelf, "user:anna", "reader");
  await rows.visibility(NAMESPACES.open, "public");
  const robot = { user: "team+ci", password: await rows.robot("team", "ci") };
  await rows.role(NAMESPACES.team, "robot:team+ci", "writer");
  const limits = [NAMESPACES.team, NAMESPACES.open].map((node) => ({
    pathPattern: `${node}/**`,
    actions: ["pull"] as const,
  }));
  const annasToken = { user: "anna", password: await rows.personalToken("anna", limits) };
  const client = await connectTo(registry, keeper);
  const image = await makeImage({ seed: "access", layerBytes: [1000, 50_000] });
  const chart = await packChart();
  for (const node of Object.values(NAMESPACES)) {
    await client.pushImage(`${node}/image`, TAG, image);
    if (chart !== undefined) await pushChart(client, `${node}/chart`, chart);
  }
  return { registry, rows, image, chart, anna, robot, annasToken, keeper, client };
}

/** A user's name, with the password that is made of it. */
export const loginOf = (user: string): Login => ({ user, password: `the secret of ${user}` });

async function pushChart(client: RegistryClient, repository: string, archive: string): Promise<void> {
  const config = new Blob([JSON.stringify({ name: "chart", version: TAG, apiVersion: "v2" })]);
  const layer = Bun.file(archive);
  const descriptors = await Promise.all(
    [config, layer].map(async (blob) => {
      const bytes = await blob.bytes();
      await client.pushBlob(repository, blob, sha256(bytes));
      return { digest: sha256(bytes), size: bytes.byteLength };
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: "application/vnd.cncf.helm.config.v1+json", ...descriptors[0] },
    layers: [{ mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ...descriptors[1] }],
  });
  const bytes = new TextEncoder().encode(text);
  await client.pushManifest(repository, TAG, { mediaType, bytes, digest: sha256(bytes) });
}
