import type { Log, LogFields } from "../../../src/runtime/index.ts";

export interface KeptLog extends Log {
  /** What was said, with its fields, a line each. */
  readonly lines: string[];
}

/** A log that keeps what it is told. */
export function keepLog(): KeptLog {
  const lines: string[] = [];
  const write = (message: string, fields: LogFields = {}) => void lines.push(`${message} ${Bun.inspect(fields)}`);
  const log: KeptLog = {
    lines,
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => log,
    isEnabled: () => true,
    flush: () => Promise.resolve(),
  };
  return log;
}
