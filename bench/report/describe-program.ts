import { join } from "node:path";

const PROJECT = join(import.meta.dir, "..", "..");

/** Version and commit of this checkout, as "0.1.0 (f5cffa5)"; `-dirty` when files differ from the commit. */
export async function describeProgram(): Promise<string> {
  const { version } = (await Bun.file(join(PROJECT, "package.json")).json()) as { readonly version: string };
  return `${version} (${readCommit()})`;
}

function readCommit(): string {
  try {
    const command = ["git", "-C", PROJECT, "describe", "--always", "--dirty", "--exclude=*"];
    const run = Bun.spawnSync(command, { stdout: "pipe", stderr: "ignore" });
    return run.stdout.toString().trim() || "commit unknown";
  } catch {
    return "commit unknown";
  }
}
