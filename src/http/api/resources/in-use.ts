import { z } from "zod";
import { isPermitted, ROOT } from "../../../access/index.ts";
import { type Cluster, listClusters, listLeases, type RunningImage } from "../../../metadata/index.ts";
import { forgetCluster, getCluster, reportCluster } from "../../../registry/index.ts";
import { registryChangeOf } from "../registry-change.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { cluster, clusterImages, clusterParam, clusterReport } from "../schemas/in-use.ts";
import { listOf, pageQuery, timeOf } from "../schemas/words.ts";
import { readPage } from "./pages.ts";

const params = z.strictObject({ cluster: clusterParam });
const tag = "in-use";

/** Images of whatever repositories. */
const ofAll = () => ROOT;
const reading = { node: ofAll, action: "settings:read" } as const;
const reporting = { node: ofAll, action: "in-use:report" } as const;
const writing = { node: ofAll, action: "settings:write" } as const;

/** Of so many images with long names. */
const MAX_REPORT_BYTES = 8 * 1024 * 1024;

export const IN_USE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/in-use",
    tag,
    summary: "List the clusters that have said what they run",
    permission: reading,
    query: pageQuery,
    response: listOf(cluster),
    async handle({ queries, query, parts }) {
      const { items, next } = await readPage(query, (page) => listClusters(queries, page));
      const nowMs = parts.clock.nowMs();
      return { body: { items: items.map((each) => showCluster(each, nowMs)) }, next };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/in-use/{cluster}",
    tag,
    summary: "Show what a cluster runs",
    permission: reading,
    params,
    response: clusterImages,
    current: showImages,
    handle: async (call) => ({ body: await showImages(call) }),
  }),
  defineRoute({
    method: "PUT",
    path: "/in-use/{cluster}",
    tag,
    summary: "Say what a cluster runs, in the place of what it said before",
    description:
      "Neither retention nor clean-up nor a client removes it, until the cluster does not say so any more or is silent for too long. " +
      "Who may only report does so for clusters that nobody else of those reports for.",
    permission: reporting,
    params,
    body: clusterReport,
    maxBodyBytes: MAX_REPORT_BYTES,
    response: cluster,
    async handle(call) {
      const { change, parts, params: place, body } = call;
      const keepMs = parts.registryOptions.inUseKeepMs;
      const viewer = await change.viewer();
      const isForAny = isPermitted(viewer, { path: ROOT, action: "settings:write" });
      const report = { ...place, images: body.images, keepMs, isForAny };
      const reported = await reportCluster(registryChangeOf(call), report);
      const shown = showCluster(reported, change.nowMs);
      if (isPermitted(viewer, { path: ROOT, action: "settings:read" })) return { body: shown };
      // Of repositories that they do not see nothing is told: neither what is there, nor which has another name.
      return { body: { ...shown, images: countImages(body.images), unknown: null } };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/in-use/{cluster}",
    tag,
    summary: "Forget a cluster: what it runs is held no more",
    permission: writing,
    params,
    current: showImages,
    async handle(call) {
      await forgetCluster(registryChangeOf(call), call.params.cluster);
      return { body: undefined };
    },
  }),
];

function countImages(images: readonly RunningImage[]): number {
  return new Set(images.map(({ repository, digest }) => `${repository}@${digest}`)).size;
}

async function showImages({ queries, parts, params: { cluster: name } }: ApiCall<z.output<typeof params>>) {
  const found = showCluster(await getCluster(queries, name), parts.clock.nowMs());
  const running = (await listLeases(queries, name)).map(({ sinceMs, ...image }) => {
    return { ...image, since: timeOf(sinceMs) };
  });
  return { ...found, running };
}

function showCluster({ name, heardAtMs, holdsUntilMs, images, unknown }: Cluster, nowMs: number) {
  const times = { heardAt: timeOf(heardAtMs), holdsUntil: timeOf(holdsUntilMs) };
  return { name, ...times, isSilent: holdsUntilMs <= nowMs, images, unknown };
}
