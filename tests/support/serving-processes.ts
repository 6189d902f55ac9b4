import { readdirSync, readFileSync } from "node:fs";

/** The serving processes below the one that watches over them, by their place. */
export function servingProcesses(watcherPid: number): readonly number[] {
  return childrenOf(watcherPid).filter((pid) => commandLine(pid).endsWith("serving-process"));
}

export function isAlive(pid: number): boolean {
  try {
    // One that has ended and was not yet waited for is no longer alive.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number {
  try {
    return Number(/\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // ended meanwhile
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).join(" ");
  } catch {
    return ""; // ended meanwhile
  }
}
