import type { Clock } from "./clock.ts";
import { type FormatLine, lineFormat, type LogFormatter } from "./log-format.ts";
import type { LineOutput } from "./log-output.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Says what happened, for people and machines that read it later. A field's value is escaped, an `Error` becomes its stack
 * and those of its causes, `undefined` is left out, and what a field such as `password` or `token` holds is masked.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `fields` on each line. */
  child(fields: LogFields): Log;
  /** To be asked before fields are gathered that cost something. */
  isEnabled(level: LogLevel): boolean;
  /** Resolves once every line is written. */
  flush(): Promise<void>;
}

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  readonly formatter: LogFormatter;
  /** On each line. */
  readonly fields?: LogFields;
  readonly clock: Clock;
  readonly output: LineOutput;
}

export function createLog(options: LogOptions): Log {
  return new FormattedLog(options, options.fields ?? {});
}

const SEVERITY: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

class FormattedLog implements Log {
  readonly #options: LogOptions;
  readonly #bound: LogFields;
  readonly #format: FormatLine;
  readonly #least: number;

  constructor(options: LogOptions, bound: LogFields) {
    this.#options = options;
    this.#bound = bound;
    this.#format = lineFormat(options.formatter);
    this.#least = SEVERITY[options.level];
  }

  debug(message: string, fields?: LogFields): void {
    if (this.#least <= SEVERITY.debug) this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    if (this.#least <= SEVERITY.info) this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#least <= SEVERITY.warn) this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  child(fields: LogFields): Log {
    return new FormattedLog(this.#options, { ...this.#bound, ...fields });
  }

  isEnabled(level: LogLevel): boolean {
    return this.#least <= SEVERITY[level];
  }

  flush(): Promise<void> {
    return this.#options.output.flush();
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { clock, output } = this.#options;
    const atMs = clock.nowMs();
    const dropped = output.takeDropped();
    if (dropped > 0) output.write(this.#format(atMs, "warn", DROPPED, this.#bound, { lines: dropped }));
    output.write(this.#format(atMs, level, message, this.#bound, fields));
  }
}

const DROPPED =
  "log lines were dropped because they could not be written; see who reads the log, and the disk it is on";
