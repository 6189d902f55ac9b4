import { z } from "zod";
import { UsageError } from "../remote/usage-error.ts";

/** What was found among the images that a cluster runs. */
export interface RunningReferences {
  /** Of this registry, each once: `team/app@sha256:…`. */
  readonly images: readonly string[];
  /** How many are of other registries. */
  readonly elsewhere: number;
  /** How many lines say no digest, as of an image that was never pulled. */
  readonly unread: number;
}

const REFERENCE = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/@\s]+)\/([^@\s]+)@([a-z0-9]+:[0-9a-f]+)$/;

/**
 * Reads image references, one a line or in the pods of `kubectl get pods -A -o json`, as container runtimes tell them: `registry.example/team/app@sha256:…`, also with a tag before the
 * digest, or `docker-pullable://` in front.
 * @param registries the hosts that images of this registry begin with
 * @throws UsageError if it begins as JSON and is none, or no list of pods
 */
export function runningReferences(text: string, registries: readonly string[]): RunningReferences {
  const images = new Set<string>();
  const elsewhere = new Set<string>();
  let unread = 0;
  for (const line of linesOf(text).map((each) => each.trim())) {
    if (line === "") continue;
    const [, host = "", path = "", digest = ""] = REFERENCE.exec(line) ?? [];
    if (digest === "") unread += 1;
    else if (registries.includes(host)) images.add(`${path.replace(/:[^:/]*$/, "")}@${digest}`);
    else elsewhere.add(`${host}/${path}@${digest}`);
  }
  return { images: [...images], elsewhere: elsewhere.size, unread };
}

function linesOf(text: string): readonly string[] {
  return text.trimStart().startsWith("{") ? imagesOfPods(text) : text.split("\n");
}

const containers = z.array(z.object({ imageID: z.string().default("") })).default([]);

/** What is looked at of a `PodList`; all that a pod begins, ends or is looked into with has to be there when it is started again. */
const podList = z.object({
  items: z.array(
    z.object({
      status: z
        .object({
          containerStatuses: containers,
          initContainerStatuses: containers,
          ephemeralContainerStatuses: containers,
        })

        .prefault({}),
    }),
  ),
});

/** A container that has not started yet says no image: then its line is empty. */
function imagesOfPods(text: string): readonly string[] {
  const { data } = podList.safeParse(parseJson(text));
  if (!data)
    throw new UsageError(
      "this is neither a list of pods, as kubectl get pods -A -o json prints it, nor lines of images",
    );
  return data.items.flatMap(({ status }) =>
    Object.values(status).flatMap((statuses) => statuses.map(({ imageID }) => imageID)),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
