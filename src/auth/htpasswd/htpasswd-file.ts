import { readFileSync, statSync } from "node:fs";
import { type HtpasswdEntries, parseHtpasswd } from "./parse-htpasswd.ts";
import { errorCode } from "../../runtime/index.ts";

export type ReportProblem = (message: string) => void;

const LOOK_EVERY_MS = 10;

/** In the place of a version. */
const MISSING = "missing";

/** What is wrong with a password file. One that is missing is made at the start, and nothing is wrong with that. */
export function findHtpasswdProblems(path: string): readonly string[] {
  const problems: string[] = [];
  const file = new HtpasswdFile(path, (problem) => problems.push(problem));
  if (!file.isMissing()) file.entries();
  return problems;
}

/** The password file as it is now: looked at on each call, read again only when it has changed. */
export class HtpasswdFile {
  readonly #path: string;
  readonly #report: ReportProblem;
  #version = "";
  #entries: HtpasswdEntries = new Map();
  #hasLooked = false;
  #lookedAt = "";

  constructor(path: string, report: ReportProblem) {
    this.#path = path;
    this.#report = report;
  }

  /** Nobody, while the file is missing or cannot be read. */
  entries(): HtpasswdEntries {
    const version = this.#currentVersion();
    if (version !== this.#version) {
      this.#version = version;
      this.#entries = this.#read(version);
    }
    return this.#entries;
  }

  /** Another text after a change, but for the last few milliseconds: to look at the file costs more than all else about a request. */
  recentVersion(): string {
    if (this.#hasLooked) return this.#lookedAt;
    this.#lookedAt = this.#currentVersion();
    this.#hasLooked = true;
    setTimeout(() => (this.#hasLooked = false), LOOK_EVERY_MS).unref();
    return this.#lookedAt;
  }

  isMissing(): boolean {
    return this.#currentVersion() === MISSING;
  }

  #currentVersion(): string {
    try {
      const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
      return stat ? `${stat.ino}/${stat.size}/${stat.mtimeNs}/${stat.ctimeNs}` : MISSING;
    } catch (error) {
      // Reading fails for the same reason, and tells it.
      return `not to be looked at: ${errorCode(error)}`;
    }
  }

  #read(version: string): HtpasswdEntries {
    try {
      const { entries, problems } = parseHtpasswd(version === MISSING ? "" : readFileSync(this.#path, "utf8"));
      if (version === MISSING) this.#report(`${this.#path} is missing: nobody can log in`);
      else if (entries.size === 0) this.#report(`${this.#path} has no user who can log in`);
      for (const problem of problems) this.#report(`${this.#path}: ${problem}`);
      return entries;
    } catch (error) {
      this.#report(`${this.#path} cannot be read, nobody can log in: ${(error as Error).message}`);
      return new Map();
    }
  }
}
