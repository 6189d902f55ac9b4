/** One thing that is wrong, or worth knowing, about the configuration. */
export interface ConfigProblem {
  /** The key as one writes it in the file, `http.tls.certificate`; for what belongs to no key, the variable or the file. */
  readonly path: string;
  /** Where the value came from: `config.yml line 12`, `REGISTRY_HTTP_ADDR`, or `default`. */
  readonly source: string;
  readonly message: string;
  /** The key or variable that was probably meant. */
  readonly suggestion?: string;
}

/** The configuration cannot be used; `problems` holds everything that was found, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], warnings: readonly ConfigProblem[] = []) {
    const number = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`The configuration has ${number}:\n${problems.map(formatProblem).join("\n")}`);
    this.problems = problems;
    this.warnings = warnings;
  }
}

/** One line for people: where, what is wrong, and what was probably meant. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.path === problem.source ? problem.path : `${problem.path} (${problem.source})`;
  const hint = problem.suggestion === undefined ? "" : `; did you mean ${problem.suggestion}?`;
  return `${place}: ${problem.message}${hint}`;
}
