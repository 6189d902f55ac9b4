import { createLog, type Log } from "../../../../src/runtime/index.ts";

/** A log whose lines, without their time, are put into `lines`. */
export function logTo(lines: string[]): Log {
  const output = {
    write: (line: string) => void lines.push(line.replace(/^time="[^"]*" /, "")),
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
    takeDropped: () => 0,
  };
  return createLog({ level: "debug", formatter: "text", clock: { nowMs: () => 0 }, output });
}
