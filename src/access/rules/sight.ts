import { listRepositoriesIn, type NameStretch, type Queries, stretchBelow } from "../../metadata/index.ts";
import type { Viewer } from "./authority.ts";
import { maySee } from "./decide-access.ts";
import { nodeOfPattern } from "./manage-grants.ts";
import { isWithin } from "./node-path.ts";

/** How many repositories are looked at before others have their turn. */
const ROWS_AT_ONCE = 200;

/** What of the tree somebody may see at one moment: who sees something below a node sees the way to it. */
export class Sight {
  readonly #queries: Queries;
  readonly #viewer: Viewer;
  /** Those with rules of their own, sorted. */
  #seenNodes: readonly string[] | undefined;

  constructor(queries: Queries, viewer: Viewer) {
    this.#queries = queries;
    this.#viewer = viewer;
  }

  maySee(path: string): boolean {
    const { rules, asker, nowMs } = this.#viewer;
    return maySee(rules, asker, path, nowMs);
  }

  async isSeen(path: string): Promise<boolean> {
    return this.maySee(path) || (await this.findFirstBelow(path)) !== undefined;
  }

  /** The first below a node, and behind a name, that is seen itself and is a repository or has rules of its own. */
  async findFirstBelow(node: string, behind = ""): Promise<string | undefined> {
    const stretch = stretchBelow(node);
    const after = behind > stretch.after ? behind : stretch.after;
    const first = this.#firstNodeBehind(after);
    const own = first !== undefined && first < stretch.before ? first : undefined;
    // Below a node that is not seen, all that is seen is below another one that is, unless it is by a grant.
    if (!this.maySee(node) && !this.#hasGrantBelow(node)) return own;
    return (await this.#findRepository({ after, before: own ?? stretch.before })) ?? own;
  }

  #firstNodeBehind(after: string): string | undefined {
    this.#seenNodes ??= [...this.#viewer.rules.nodes.keys()].filter((node) => this.maySee(node)).sort();
    let [low, high] = [0, this.#seenNodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seenNodes[middle] ?? "") > after) high = middle;
      else low = middle + 1;
    }
    return this.#seenNodes[low];
  }

  async #findRepository({ after, before }: NameStretch): Promise<string | undefined> {
    for (let [behind, limit] = [after, 1]; ; limit = ROWS_AT_ONCE) {
      const names = await listRepositoriesIn(this.#queries, { after: behind, before }, limit);
      const seen = names.find((name) => this.maySee(name));
      const last = names.at(-1);
      if (seen !== undefined || last === undefined || names.length < limit) return seen;
      behind = last;
      await new Promise(setImmediate);
    }
  }

  #hasGrantBelow(path: string): boolean {
    const { rules, asker } = this.#viewer;
    return asker.subjects.some((subject) =>
      rules.grants.get(subject)?.some(({ pathPattern }) => {
        const node = nodeOfPattern(pathPattern);
        return isWithin(node, path) || isWithin(path, node);
      }),
    );
  }
}
