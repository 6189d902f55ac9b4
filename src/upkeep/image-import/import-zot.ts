import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { openFolder } from "../archive/folder-source.ts";
import { findLayouts, type FoundLayout } from "./find-layouts.ts";
import { type ImageImport, importImages, type ImageImportSummary } from "./import-images.ts";
import { readOciLayout } from "./read-oci-layout.ts";

export interface ZotImport extends Pick<ImageImport, "registry" | "by" | "signal"> {
  /** zot's `storage.rootDirectory`; only read. */
  readonly folder: string;
  /** Hears of each repository when it is done, or left out. */
  readonly report?: ((repository: ZotRepository) => void) | undefined;
}

export interface ZotRepository {
  readonly repository: RepositoryName;
  /** 1 for the first. */
  readonly position: number;
  readonly total: number;
  readonly images: number;
  /** Why it was left out, if it was. */
  readonly fault?: string | undefined;
}

export interface ZotSummary {
  readonly repositories: number;
  readonly images: number;
  readonly manifests: number;
  readonly newBlobs: number;
  readonly newBytes: number;
  readonly leftOut: readonly { readonly repository: RepositoryName; readonly fault: string }[];
}

/**
 * Brings in all repositories of a zot. One with which something is wrong is left out as a whole, and stops none of the others.
 * @throws ArchiveError if there is none
 */
export async function importZot(task: ZotImport): Promise<ZotSummary> {
  const layouts = await findLayouts(await openFolder(task.folder));
  if (layouts.length === 0) throw new ArchiveError("it holds no repositories of a zot: give its storage.rootDirectory");
  const leftOut: { repository: RepositoryName; fault: string }[] = [];
  const total = { repositories: 0, images: 0, manifests: 0, newBlobs: 0, newBytes: 0 };
  for (const [index, layout] of layouts.entries()) {
    const { repository } = layout;
    const outcome = await orFault(() => importLayout(task, layout));
    const fault = typeof outcome === "string" ? outcome : undefined;
    if (typeof outcome === "string") leftOut.push({ repository, fault: outcome });
    else if (outcome) add(total, outcome);
    const images = typeof outcome === "object" ? outcome.images.length : 0;
    task.report?.({ repository, position: index + 1, total: layouts.length, images, fault });
  }
  return { ...total, leftOut };
}

/** @returns `undefined` if there is nothing in it */
async function importLayout(task: ZotImport, { repository, source }: FoundLayout) {
  const archive = await readOciLayout(source);
  if (archive.roots.length === 0) return undefined;
  return importImages({ registry: task.registry, by: task.by, signal: task.signal, archive, to: { repository } });
}

/** @returns what is wrong with the content, as a text */
async function orFault<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    const isOfContent = error instanceof ArchiveError || (error instanceof RegistryError && error.kind !== "read-only");
    if (isOfContent) return error.message;
    throw error;
  }
}

function add(total: Record<"repositories" | "images" | Counted, number>, summary: ImageImportSummary): void {
  total.repositories++;
  total.images += summary.images.length;
  for (const name of COUNTED) total[name] += summary[name];
}

const COUNTED = ["manifests", "newBlobs", "newBytes"] as const;
type Counted = (typeof COUNTED)[number];
