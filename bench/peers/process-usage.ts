import { readFileSync, readdirSync } from "node:fs";

/** The kernel's clock ticks a second in /proc, fixed for user space on Linux. */
const TICKS_PER_SECOND = 100;

/** What a server's processes have used, summed. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentMb: number;
  /** Sum of each process's own peak. */
  readonly peakResidentMb: number;
}

/** Reads user and system time and resident memory of a process and all its descendants from /proc. */
export function readProcessUsage(pid: number): ProcessUsage {
  const usages = [pid, ...descendantsOf(pid)].map(readOne);
  return {
    cpuSeconds: sum(usages.map((usage) => usage.cpuSeconds)),
    residentMb: sum(usages.map((usage) => usage.residentMb)),
    peakResidentMb: sum(usages.map((usage) => usage.peakResidentMb)),
  };
}

function readOne(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets and may hold spaces: count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentMb: readMegabytes(status, "VmRSS"),
    peakResidentMb: readMegabytes(status, "VmHWM"),
  };
}

function readMegabytes(status: string, field: string): number {
  const kibibytes = Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  if (Number.isNaN(kibibytes)) throw new Error(`no ${field} in /proc status`);
  return (kibibytes * 1024) / 1e6;
}

function descendantsOf(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "));
  const pids = children.filter((child) => child !== "").map(Number);
  return pids.concat(...pids.map(descendantsOf));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
