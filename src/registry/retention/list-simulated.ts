import { findRepositoryId, listChangesSince, listUseGaps, type Queries } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import { findHolders, findJudgingSettings, listAllTags, type RepositoryQuestion } from "./judge-repository.ts";
import { iterateRepositories } from "./judged-repositories.ts";
import { findIndexChildren } from "./keep-referred.ts";
import { replayTags } from "./replay-tags.ts";
import { countPatterns } from "./retention-rule.ts";
import { type SimulatedExpiry, simulateRetention, type Simulation } from "./simulate-retention.ts";

export interface SimulationQuery extends Pick<RepositoryQuestion, "nowMs" | "rules"> {
  readonly node: string;
  /** As if the rules had held since. */
  readonly sinceMs: number;
  /** How often they would have been applied. */
  readonly everyMs: number;
  /** `repository:number`, exclusive; `""` starts at the first. */
  readonly after: string;
  readonly limit: number;
}

/** What has become of a tag after it would have gone. */
export type Afterwards = "in-use" | "pulled" | "kept" | "unknown" | "nothing";

export interface ListedExpiry extends SimulatedExpiry {
  readonly repository: RepositoryName;
  /** `unknown`: the tag is not there any more, or was pushed since and pulled after that. */
  readonly afterwards: Afterwards;
  /** For people. */
  readonly detail: string | undefined;
}

export interface SimulatedPage {
  readonly items: readonly ListedExpiry[];
  /** Where the next page starts; `undefined`: this was the last. */
  readonly next: string | undefined;
}

/** So that a page comes to its end, however little would have gone. */
const MOST_REPOSITORIES = 50;
/** How often a tag is held against a pattern for a page, which takes some seconds of processor time. */
const MOST_LOOKS = 200_000_000;

/**
 * What would have gone of the tags of a node's repositories; what was needed since first in each repository. A page may be short.
 * @throws RegistryError `bad-request` where it would be too much work
 */
export async function listSimulated(queries: Queries, query: SimulationQuery): Promise<SimulatedPage> {
  const { node, after, limit } = query;
  const [from = "", place = "0"] = after.split(":");
  const items: ListedExpiry[] = [];
  let looked = 0;
  let looks = 0;
  for await (const repository of iterateRepositories(queries, node, from)) {
    if (looked++ === MOST_REPOSITORIES || looks > MOST_LOOKS) return { items, next: `${repository}:0` };
    const gone = await simulateRepository(queries, repository, { ...query, onLooks: (count) => (looks += count) });
    const first = repository === from ? Number(place) : 0;
    const taken = gone.slice(first, first + limit - items.length);
    items.push(...taken);
    if (first + taken.length < gone.length) return { items, next: `${repository}:${first + taken.length}` };
  }
  return { items, next: undefined };
}

const URGENCY: readonly Afterwards[] = ["in-use", "pulled", "kept", "unknown", "nothing"];

async function simulateRepository(
  queries: Queries,
  repository: RepositoryName,
  query: SimulationQuery & { readonly onLooks: (count: number) => void },
): Promise<readonly ListedExpiry[]> {
  const { nowMs, sinceMs, rules, onLooks } = query;
  const repositoryId = await findRepositoryId(queries, repository);
  if (repositoryId === undefined) return [];
  const settings = await findJudgingSettings(queries, { repository, rules });
  const holderOf = await findHolders(queries, { repository, repositoryId, nowMs });
  const current = await listAllTags(queries, repositoryId);
  const events = replayTags(await listChangesSince(queries, repositoryId, sinceMs), current);
  const timesMs = timesOf(query);
  onLooks(requireDoable(repository, { events, settings, timesMs }));
  const digests = events.flatMap(({ digest }) => digest ?? []);
  const children = await findIndexChildren(queries, repositoryId, digests);
  const gaps = await listUseGaps(queries, nowMs);
  const expiries = await simulateRetention({ events, current, settings, timesMs, gaps, holderOf, children });
  const byTag = new Map(current.map((tag) => [tag.tag, tag]));
  return expiries
    .map((expiry) => {
      const holder = holderOf(expiry);
      if (holder) return { ...expiry, repository, afterwards: holder.kind, detail: holder.reason };
      return { ...expiry, repository, ...usedSince(expiry, byTag.get(expiry.tag)) };
    })
    .toSorted((a, b) => URGENCY.indexOf(a.afterwards) - URGENCY.indexOf(b.afterwards) || a.goneAtMs - b.goneAtMs);
}

/** @returns how often tags are held against patterns @throws RegistryError `bad-request` */
function requireDoable(
  repository: RepositoryName,
  { events, settings, timesMs }: Pick<Simulation, "events" | "settings" | "timesMs">,
): number {
  const tags = new Set(events.map(({ tag }) => tag)).size;
  const patterns = countPatterns(settings.retention?.value ?? []);
  const looks = tags * timesMs.length * patterns;
  if (looks <= MOST_LOOKS) return looks;
  const what = `${tags} tags of ${repository}, ${patterns} patterns and ${timesMs.length} times`;
  throw new RegistryError("bad-request", `it is too much work with ${what}: say a longer every, or fewer patterns`);
}

function usedSince(
  { digest, goneAtMs, backAtMs = Infinity }: SimulatedExpiry,
  now: Awaited<ReturnType<typeof listAllTags>>[number] | undefined,
): Pick<ListedExpiry, "afterwards" | "detail"> {
  if (!now) return { afterwards: "unknown", detail: "the tag is gone, and with it when it was pulled" };
  const usedAtMs = now.usedAtMs ?? 0;
  if (usedAtMs <= goneAtMs) return { afterwards: "nothing", detail: undefined };
  const at = new Date(usedAtMs).toISOString();
  if (now.isUseGuessed) return { afterwards: "unknown", detail: `not on record is when it was pulled before ${at}` };
  if (usedAtMs < backAtMs && now.digest === digest) return { afterwards: "pulled", detail: `last pulled at ${at}` };
  return { afterwards: "unknown", detail: `pulled at ${at}, after it was pushed again; not known is whether before` };
}

/** Up to now, the earliest first. */
function timesOf({ sinceMs, nowMs, everyMs }: SimulationQuery): readonly number[] {
  return Array.from({ length: Math.floor((nowMs - sinceMs) / everyMs) + 1 }, (_, index) => sinceMs + index * everyMs);
}
