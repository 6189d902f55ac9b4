import { ensureRepository, findRepositoryMove, type Queries } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { Registry } from "../registry.ts";

/** What was asked for has another name now. Its message does not tell which, as that may not be for everybody. */
export class RepositoryMoved extends RegistryError {
  readonly to: RepositoryName;

  constructor(from: RepositoryName, to: RepositoryName) {
    super("denied", `the repository ${from} was moved, and nothing new is made of its name while that leads to it`);
    this.to = to;
  }
}

/** The name that a repository of this name has now, if there is none of it any more; `undefined`: no other. */
export async function findMovedName(
  { metadata, clock }: Pick<Registry, "metadata" | "clock">,
  name: RepositoryName,
): Promise<RepositoryName | undefined> {
  if ((await metadata.hot.findCounter("names", "moves")) === undefined) return undefined;
  return (await findRepositoryMove(metadata.reads, name, clock.nowMs()))?.to;
}

/** @param to the name that a repository has now that had the one which was pushed to */
export type MayFollow = (to: RepositoryName) => Promise<boolean>;

interface PushedRepository {
  readonly name: RepositoryName;
  /** `undefined`: there is none yet. */
  readonly id: number | undefined;
  readonly nowMs: number;
}

/**
 * The repository that somebody pushes to, which is made if there is none.
 * @throws RepositoryMoved
 */
export async function ensurePushedRepository(queries: Queries, { name, id, nowMs }: PushedRepository): Promise<number> {
  if (id !== undefined) return id;
  const move = await findRepositoryMove(queries, name, nowMs);
  if (move) throw new RepositoryMoved(name, move.to);
  return ensureRepository(queries, name, nowMs);
}
