import { listRepositories, type Queries } from "../metadata/index.ts";
import type { RepositoryName } from "../oci/index.ts";
import { inPages } from "./in-pages.ts";

/** The repositories that a pattern means, in their order: `team/*` for those in a folder, `team/**` for those below it as well. */
export async function matchRepositories(reads: Queries, pattern: string): Promise<readonly RepositoryName[]> {
  const glob = new Bun.Glob(pattern);
  const names = inPages<RepositoryName>(500, String, (page) => listRepositories(reads, page));
  const matching: RepositoryName[] = [];
  for await (const name of names) if (glob.match(name)) matching.push(name);
  return matching;
}
