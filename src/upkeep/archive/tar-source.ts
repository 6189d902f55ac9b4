import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Header } from "tar-stream";
import { messageOf } from "../../runtime/index.ts";
import { ArchiveError } from "./archive-error.ts";
import { type FileSource, relativePath } from "./file-source.ts";

/** More are refused: no image comes near it, and each takes memory. */
const MOST_ENTRIES = 200_000;
const MOST_LINKS = 8;

type Entry =
  | { readonly kind: "file"; readonly offsetBytes: number; readonly sizeBytes: number }
  | { readonly kind: "link"; readonly to: string };

/** tar-stream says where an entry's bytes begin. */
type PlacedHeader = Header & { readonly byteOffset: number };

/**
 * A tar file without compression. It is read once to learn where its entries are; nothing is unpacked.
 * @throws ArchiveError if it is no tar, ends too early, or has paths that lead out of it
 */
export async function openTar(file: Blob): Promise<FileSource> {
  const entries = await readEntries(file);
  return {
    async find(path) {
      const entry = resolve(entries, relativePath(path));
      return entry && file.slice(entry.offsetBytes, entry.offsetBytes + entry.sizeBytes);
    },
    list(folder) {
      const prefix = relativePath(folder) === "" ? "" : `${relativePath(folder)}/`;
      const below = [...entries.keys()].filter((name) => name.startsWith(prefix));
      return Promise.resolve([...new Set(below.map((name) => name.slice(prefix.length).split("/")[0] ?? ""))]);
    },
  };
}

async function readEntries(file: Blob): Promise<ReadonlyMap<string, Entry>> {
  // Loaded by who needs it, not by who serves.
  const { extract } = await import("tar-stream");
  const entries = new Map<string, Entry>();
  const parser = extract();
  parser.on("entry", (header, content, next) => {
    // What ends the archive ends its entry, too; the pipeline tells it.
    content.on("error", () => undefined);
    try {
      enter(entries, header as PlacedHeader);
      if (entries.size > MOST_ENTRIES) throw new ArchiveError(`it has more than ${MOST_ENTRIES} entries`);
      content.on("end", () => next()).resume();
    } catch (error) {
      next(error as Error);
    }
  });
  try {
    await pipeline(file.stream(), parser);
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`it is no whole tar archive: ${messageOf(error)}`, { cause: error });
  }
  return entries;
}

/** A name that comes again counts for what it was last, as for who unpacks. */
function enter(entries: Map<string, Entry>, { name, type, size, linkname, byteOffset }: PlacedHeader): void {
  const path = relativePath(name);
  if (type === "file" || type === "contiguous-file")
    entries.set(path, { kind: "file", offsetBytes: byteOffset, sizeBytes: size });
  else if (type === "symlink") entries.set(path, { kind: "link", to: posix.join(posix.dirname(path), linkname) });
  else if (type === "link") entries.set(path, { kind: "link", to: linkname });
}

function resolve(entries: ReadonlyMap<string, Entry>, path: string): (Entry & { readonly kind: "file" }) | undefined {
  let at = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const entry = entries.get(at);
    if (entry?.kind !== "link") return entry;
    at = relativePath(entry.to);
  }
  throw new ArchiveError(`${path} is a link to a link to a link, and so on`);
}
