import { readdirSync, readFileSync } from "node:fs";

/**
 * Ends every process that still has this `TMPDIR` in its environment: what a suite started and did not stop, also when it
 * left its parent's process group, as container daemons do.
 *
 * @returns the command lines that were ended.
 */
export function endLeftovers(temporaryFolder: string): readonly string[] {
  const ended: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!readProcess(pid, "environ").includes(`TMPDIR=${temporaryFolder}`)) continue;
    const commandLine = readProcess(pid, "cmdline").join(" ").trim();
    if (endProcess(Number(pid))) ended.push(commandLine);
  }
  return ended;
}

function endProcess(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
    return false;
  }
}

/** A list of strings of the process; none when it has just ended, or is not ours to read. */
function readProcess(pid: string, list: "environ" | "cmdline"): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/${list}`, "utf8").split("\0");
  } catch {
    return [];
  }
}
