import { type FileHandle, open } from "node:fs/promises";
import type { AuditExporter } from "./audit-exporter.ts";
import { auditLine } from "./audit-line.ts";

/**
 * Appends lines of JSON to a file, and syncs it. It is opened anew each time, so that it may be moved away and begun again at any
 * moment.
 */
export function createFileExporter(path: string): AuditExporter {
  return {
    name: "file",
    target: path,
    async send(records) {
      const file = await open(path, "a+", 0o600);
      try {
        // A crash may have left half a line, whose act comes again.
        const start = (await isInsideLine(file)) ? "\n" : "";
        await file.appendFile(start + records.map((record) => `${auditLine(record)}\n`).join(""));
        await file.datasync();
      } finally {
        await file.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

async function isInsideLine(file: FileHandle): Promise<boolean> {
  const stats = await file.stat();
  if (!stats.isFile() || stats.size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, stats.size - 1);
  return buffer.toString() !== "\n";
}
