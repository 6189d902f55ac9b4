import { findRepositoryId, listChangesSince, type Queries } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import { findHolders, findJudgingSettings, listAllTags, type RepositoryQuestion } from "./judge-repository.ts";
import { iterateRepositories } from "./judged-repositories.ts";
import { replayTags } from "./replay-tags.ts";
import { simulateRetention, type SimulatedExpiry } from "./simulate-retention.ts";

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

/** What would have gone of the tags of a node's repositories; what was needed since first in each repository. A page may be short. */
export async function listSimulated(queries: Queries, query: SimulationQuery): Promise<SimulatedPage> {
  const { node, after, limit } = query;
  const [from = "", place = "0"] = after.split(":");
  const items: ListedExpiry[] = [];
  let looked = 0;
  for await (const repository of iterateRepositories(queries, node, from)) {
    if (looked++ === MOST_REPOSITORIES) return { items, next: `${repository}:0` };
    const gone = await simulateRepository(queries, repository, query);
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
  query: SimulationQuery,
): Promise<readonly ListedExpiry[]> {
  const { nowMs, sinceMs, rules } = query;
  const repositoryId = await findRepositoryId(queries, repository);
  if (repositoryId === undefined) return [];
  const settings = await findJudgingSettings(queries, { repository, rules });
  const holderOf = await findHolders(queries, { repository, repositoryId, nowMs });
  const current = await listAllTags(queries, repositoryId);
  const events = replayTags(await listChangesSince(queries, repositoryId, sinceMs), current);
  const expiries = await simulateRetention({ events, current, settings, timesMs: timesOf(query), holderOf });
  const byTag = new Map(current.map((tag) => [tag.tag, tag]));
  return expiries
    .map((expiry) => {
      const holder = holderOf(expiry);
      if (holder) return { ...expiry, repository, afterwards: holder.kind, detail: holder.reason };
      return { ...expiry, repository, ...usedSince(expiry, byTag.get(expiry.tag)) };
    })
    .toSorted((a, b) => URGENCY.indexOf(a.afterwards) - URGENCY.indexOf(b.afterwards) || a.goneAtMs - b.goneAtMs);
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
