import { findRepositoryId, listRepositories, type Queries } from "../metadata/index.ts";
import { parseRepositoryName, RegistryError, type RepositoryName } from "../oci/index.ts";
import { inPages } from "./in-pages.ts";

/**
 * Finds what somebody means by names of repositories and patterns of them, each once, in their order.
 * @throws RegistryError `name-unknown` if one of them means none, or that it cannot be read
 */
export async function selectRepositories(
  reads: Queries,
  patterns: readonly string[],
): Promise<readonly RepositoryName[]> {
  const chosen = new Set<RepositoryName>();
  for (const pattern of patterns) {
    const found = pattern.includes("*") ? await matchRepositories(reads, pattern) : await findNamed(reads, pattern);
    if (found.length === 0) throw new RegistryError("name-unknown", `there is no repository ${pattern}`);
    for (const name of found) chosen.add(name);
  }
  return [...chosen].sort();
}

/** The repositories that a pattern means, in their order: `team/*` for those in a folder, `team/**` for those below it as well. */
export async function matchRepositories(reads: Queries, pattern: string): Promise<readonly RepositoryName[]> {
  const glob = new Bun.Glob(pattern);
  const names = inPages<RepositoryName>(500, String, (page) => listRepositories(reads, page));
  const matching: RepositoryName[] = [];
  for await (const name of names) if (glob.match(name)) matching.push(name);
  return matching;
}

async function findNamed(reads: Queries, text: string): Promise<readonly RepositoryName[]> {
  const name = parseRepositoryName(text);
  return (await findRepositoryId(reads, name)) === undefined ? [] : [name];
}
