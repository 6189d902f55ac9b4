/** Which tags a rule is about, and which of them it keeps: those that meet any of its conditions; without a condition all of them. */
export interface RetentionRule {
  /** Patterns; a tag that one of them matches is one that the rule is about. */
  readonly tags: readonly string[];
  /** Patterns of tags that it is not about all the same. */
  readonly except?: readonly string[] | undefined;
  /** Keeps so many, those that were pushed last. */
  readonly newest?: number | undefined;
  /** Keeps what was pushed within this time, such as `30d`. */
  readonly pushedWithin?: string | undefined;
  /** Keeps what was used within this time: pulled, or asked for by whoever has it. What never was counts from its push. */
  readonly pulledWithin?: string | undefined;
  readonly versions?: VersionRule | undefined;
}

/** Keeps the newest versions; of a number that is absent, all. */
export interface VersionRule {
  /** Of each minor version; absent: one. */
  readonly patches?: number | undefined;
  /** Of each major version. */
  readonly minors?: number | undefined;
  readonly majors?: number | undefined;
}

/** Against how many patterns each tag is held by all of them together. */
export function countPatterns(rules: readonly RetentionRule[]): number {
  return rules.reduce((sum, { tags, except = [] }) => sum + tags.length + except.length, 0);
}
