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
 * Reads image references, one a line, as container runtimes tell them: `registry.example/team/app@sha256:…`, also with a tag before the
 * digest, or `docker-pullable://` in front.
 * @param registries the hosts that images of this registry begin with
 */
export function runningReferences(text: string, registries: readonly string[]): RunningReferences {
  const images = new Set<string>();
  const elsewhere = new Set<string>();
  let unread = 0;
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const [, host = "", path = "", digest = ""] = REFERENCE.exec(line) ?? [];
    if (digest === "") unread += 1;
    else if (registries.includes(host)) images.add(`${path.replace(/:[^:/]*$/, "")}@${digest}`);
    else elsewhere.add(`${host}/${path}@${digest}`);
  }
  return { images: [...images], elsewhere: elsewhere.size, unread };
}
