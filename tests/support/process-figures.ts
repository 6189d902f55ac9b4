import { readdirSync, readFileSync } from "node:fs";

/** What a process holds, as the kernel counts it. */
export interface ProcessFigures {
  readonly residentBytes: number;
  readonly openFiles: number;
}

export function figuresOf(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    residentBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** For the test's output. */
export function describeFigures({ residentBytes, openFiles }: ProcessFigures): string {
  return `${(residentBytes / 1024 / 1024).toFixed(0)} MiB resident, ${openFiles} files open`;
}
