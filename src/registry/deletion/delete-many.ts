import {
  findRepositoryId,
  findRepositoryName,
  type MetadataDatabase,
  type NamePage,
  listOuterManifests,
  listTaggedManifests,
} from "../../metadata/index.ts";
import { type Reference, referenceText, RegistryError, type RepositoryName, type Tag } from "../../oci/index.ts";
import { parseTextPattern } from "../../runtime/index.ts";
import type { RegistryChange } from "../change.ts";
import { deleteContent, type DeletionPlace } from "./delete-content.ts";

/** What somebody may do at one moment. */
export interface DeletionAuthority {
  /** Who does not see a repository, or that of it, must not learn whether it exists. Without a reference, whether they see any of it. */
  maySee(repository: RepositoryName, reference?: Reference): boolean;
  /** Without a tag, whatever there is in the repository. */
  mayDelete(repository: RepositoryName, tag?: Tag): boolean;
}

/** Makes a change in one transaction as somebody in particular, who may do what the rules say at that moment. */
export type ActFor = <T>(make: (change: RegistryChange, authority: DeletionAuthority) => Promise<T>) => Promise<T>;

/** What is to go of a repository. */
export interface ManyDoomed {
  readonly repository: RepositoryName;
  /** A pattern of tags; absent: all manifests with all tags. */
  readonly tags?: string | undefined;
}

/** What stays although it was to go. */
export interface RefusedDeletion {
  readonly repository: RepositoryName;
  /** A tag or a digest. */
  readonly reference: string;
  readonly reason: string;
}

export interface DeletedStep {
  readonly deleted: number;
  readonly refused: number;
  /** The first hundred of those. */
  readonly refusals: readonly RefusedDeletion[];
}

export interface ManyDeletion extends ManyDoomed, Pick<DeletionPlace, "binKeepMs" | "isApproved" | "askedAtMs"> {
  readonly metadata: MetadataDatabase;
  /** Of the one that is meant, whatever its name is by then; absent: whichever has the name. */
  readonly repositoryId?: number | undefined;
  readonly actFor: ActFor;
  /** How many go in one transaction, for which others wait. */
  readonly limit: number;
}

/**
 * Deletes all that matches in a repository, in small transactions; what is refused is told and left. Between two steps the caller may
 * rest or stop. A repository that gets another name meanwhile is followed, if it is the one that is meant.
 */
export async function* deleteMany(deletion: ManyDeletion): AsyncGenerator<DeletedStep, void, void> {
  const isByName = deletion.repositoryId === undefined;
  const repositoryId = deletion.repositoryId ?? (await findRepositoryId(deletion.metadata.reads, deletion.repository));
  if (repositoryId === undefined) return;
  const begun = { ...deletion, repositoryId, isByName };
  yield* deletion.tags === undefined ? deleteManifests(begun) : deleteTags(begun, parseTextPattern(deletion.tags));
}

interface BegunDeletion extends ManyDeletion {
  /** As it was when it began. */
  readonly repositoryId: number;
  readonly isByName: boolean;
}

function deleteTags(deletion: BegunDeletion, matches: (tag: string) => boolean) {
  return deletePages(deletion, async ({ after, limit }) => {
    const rows = await listTaggedManifests(deletion.metadata.reads, deletion.repositoryId, { after, limit });
    const names = rows.map(({ tag }) => tag);
    return { next: nextOf(names, limit), references: names.filter(matches).map(ofTag) };
  });
}

/** From the outside inwards, until nothing goes any more. */
async function* deleteManifests(deletion: BegunDeletion): AsyncGenerator<DeletedStep, void, void> {
  const { metadata, repositoryId } = deletion;
  for (;;) {
    let [deleted, refused] = [0, 0];
    const refusals: RefusedDeletion[] = [];
    const pages = deletePages(deletion, async ({ after, limit }) => {
      const digests = await listOuterManifests(metadata.reads, repositoryId, { after, limit });
      return { next: nextOf(digests, limit), references: digests.map((digest) => ({ kind: "digest", digest })) };
    });
    for await (const step of pages) {
      deleted += step.deleted;
      refused += step.refused;
      refusals.push(...step.refusals.slice(0, MOST_TOLD - refusals.length));
      yield { ...step, refused: 0, refusals: [] };
    }
    // What was refused in this turn is what is left, and it is told once.
    if (deleted > 0) continue;
    yield { deleted, refused, refusals };
    return;
  }
}

const NOTHING: DeletedStep = { deleted: 0, refused: 0, refusals: [] };

/** So that what is told of a deletion stays small. */
export const MOST_TOLD = 100;
const ROWS_AT_ONCE = 1000;

const ofTag = (tag: Tag): Reference => ({ kind: "tag", tag });

function nextOf(names: readonly string[], limit: number): string | undefined {
  return names.length < limit ? undefined : names.at(-1);
}

interface ReadPage {
  readonly references: readonly Reference[];
  /** `undefined`: this was the last. */
  readonly next: string | undefined;
}

async function* deletePages(
  deletion: BegunDeletion,
  read: (page: NamePage) => Promise<ReadPage>,
): AsyncGenerator<DeletedStep, void, void> {
  for (let after: string | undefined = ""; after !== undefined;) {
    const { references, next } = await read({ after, limit: ROWS_AT_ONCE });
    for (let from = 0; from < references.length; from += deletion.limit)
      yield await deleteSome(deletion, references.slice(from, from + deletion.limit));
    after = next;
    await new Promise(setImmediate);
  }
}

/** In one transaction. */
function deleteSome(
  { actFor, repository, repositoryId, binKeepMs, isApproved, askedAtMs, isByName }: BegunDeletion,
  references: readonly Reference[],
): Promise<DeletedStep> {
  return actFor(async (change, authority) => {
    const now = await findRepositoryName(change.queries, repositoryId);
    if (now === undefined) return NOTHING;
    // Who may not see it under another name is told by the one that it had.
    const shown = authority.maySee(now) ? now : repository;
    if (!authority.maySee(shown)) return NOTHING;
    const place = { repository: now, repositoryId, binKeepMs, isApproved, askedAtMs, isByName };
    let deleted = 0;
    const refusals: RefusedDeletion[] = [];
    for (const reference of references.filter((each) => authority.maySee(shown, each))) {
      const reason = await refusalOf(async () => {
        requireMayDelete(authority, now, reference);
        if (await deleteContent(change, place, reference)) deleted += 1;
      });
      if (reason !== undefined) refusals.push({ repository: shown, reference: referenceText(reference), reason });
    }
    return { deleted, refused: refusals.length, refusals };
  });
}

/** @throws RegistryError `denied` */
export function requireMayDelete(
  authority: Pick<DeletionAuthority, "mayDelete">,
  repository: RepositoryName,
  reference: Reference,
): void {
  const tag = reference.kind === "tag" ? reference.tag : undefined;
  if (!authority.mayDelete(repository, tag)) throw new RegistryError("denied", "it is not for you to delete");
}

/** @returns why it is refused; `undefined`: it is not */
export async function refusalOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError && error.kind === "denied") return error.message;
    throw error;
  }
}
