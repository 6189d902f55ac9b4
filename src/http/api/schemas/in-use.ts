import { z } from "zod";
import { isDigest, isRepositoryName } from "../../../oci/index.ts";
import type { RunningImage } from "../../../metadata/index.ts";
import { time } from "./words.ts";

/** Ten thousand pods with two images each, no two of them the same. */
const MAX_IMAGES = 20_000;

export const clusterParam = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/, "a cluster's name is lower case, such as eu-1")
  .describe("What the cluster calls itself, such as `eu-1`.");

const fields = {
  name: z.string(),
  heardAt: time.describe("When it last said what it runs."),
  holdsUntil: time.describe("From then on its images are not held, unless it is heard of again."),
  isSilent: z.boolean().describe("Whether that is over."),
  images: z.int().describe("How many it runs."),
  unknown: z
    .int()
    .nullable()
    .describe("How many of them are not here; they are held from when they are. `null` for who may only report."),
} as const;

export const cluster = z.object(fields).meta({ id: "Cluster", description: "Somewhere that images run." });

const runningImage = z.object({
  repository: z.string(),
  digest: z.string(),
  since: time.describe("When the cluster first said that it runs; it has ever since."),
  isKnown: z.boolean().describe("Whether it is here."),
});

export const clusterImages = z
  .object({ ...fields, running: z.array(runningImage) })
  .meta({ id: "ClusterImages", description: "A cluster, with all that it runs." });

/** The first that is wrong is enough to know of. */
function parseImages(texts: readonly string[], context: z.RefinementCtx): readonly RunningImage[] {
  const images = texts.map(parseImage);
  const wrong = images.indexOf(undefined);
  if (wrong >= 0)
    context.addIssue({
      code: "custom",
      path: [wrong],
      message: "an image is written as a repository and a digest: team/app@sha256:…",
    });
  return images.filter((image) => image !== undefined);
}

function parseImage(text: string): RunningImage | undefined {
  const [repository = "", digest = "", ...more] = text.split("@");
  return more.length === 0 && isRepositoryName(repository) && isDigest(digest) ? { repository, digest } : undefined;
}

export const clusterReport = z
  .strictObject({
    images: z
      .array(z.string())
      .max(MAX_IMAGES)
      .transform(parseImages)
      .describe("All that it runs now, each as `team/app@sha256:…`."),
  })
  .meta({ id: "ClusterReport", description: "What a cluster runs, in the place of what it said before." });
