import type { Queries } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import { judgeRepository, type RepositoryQuestion } from "./judge-repository.ts";
import type { TagVerdict } from "./judge-tags.ts";
import { iterateRepositories } from "./judged-repositories.ts";

export interface VerdictQuery extends Pick<RepositoryQuestion, "nowMs" | "rules"> {
  readonly node: string;
  /** `repository:tag`, exclusive; `""` starts at the first. */
  readonly after: string;
  readonly limit: number;
  readonly isWanted: (verdict: TagVerdict) => boolean;
}

export interface ListedVerdict extends TagVerdict {
  readonly repository: RepositoryName;
}

export interface VerdictPage {
  readonly items: readonly ListedVerdict[];
  /** Where the next page starts; `undefined`: this was the last. */
  readonly next: string | undefined;
}

/** So that a page comes to its end, however few of the tags are wanted. */
const MOST_REPOSITORIES = 200;

/** What becomes of the tags of a node's repositories; in the order of repositories, then tags. A page may be short. */
export async function listVerdicts(queries: Queries, query: VerdictQuery): Promise<VerdictPage> {
  const { node, after, limit, nowMs, rules, isWanted } = query;
  const [from = "", lastTag = ""] = after.split(":");
  const items: ListedVerdict[] = [];
  let looked = 0;
  for await (const repository of iterateRepositories(queries, node, from)) {
    if (looked++ === MOST_REPOSITORIES) return { items, next: `${repository}:` };
    const judged = await judgeRepository(queries, { repository, nowMs, rules });
    const behind = repository === from ? lastTag : "";
    for (const verdict of judged?.verdicts ?? []) {
      if (verdict.tag <= behind || !isWanted(verdict)) continue;
      const last = items.at(-1);
      if (items.length === limit && last) return { items, next: `${last.repository}:${last.tag}` };
      items.push({ ...verdict, repository });
    }
    await new Promise(setImmediate);
  }
  return { items, next: undefined };
}
