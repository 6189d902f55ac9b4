/** What came of a suite's tests. */
export interface SuiteCounts {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
  /** Why tests did not run, each reason once; the tests' own group titles say it as `(not run: …)`. */
  readonly reasons: readonly string[];
  /** What went wrong beside the tests: a file that could not be loaded, a time limit, a crash. */
  readonly troubles: readonly string[];
}

/** How a `bun test` run ended, beside its report. */
export interface SuiteEnd {
  readonly exitCode: number;
  /** Every file that should be in the report, relative to the checkout. */
  readonly files: readonly string[];
  readonly trouble: string | undefined;
}

/**
 * Counts the tests of a JUnit report, and believes what it does not say before what it says.
 *
 * A test file that could not be loaded is not in the report, and after a crash there may be none: each missing file counts
 * as one failure, and so does a bad exit code without any other, so that such a run can never look green.
 */
export async function readTestReport(reportFile: string, end: SuiteEnd): Promise<SuiteCounts> {
  const report = Bun.file(reportFile);
  const xml = (await report.exists()) ? await report.text() : "";
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(readCase);
  // Bun reports the hooks of a skipped group as a nameless skipped test.
  const notRun = cases.filter(({ isSkipped, name }) => isSkipped && name !== "(unnamed)");
  const failedTests = cases.filter(({ isFailed }) => isFailed).length;
  const troubles = findTroubles(xml, end, failedTests);
  return {
    passed: cases.filter(({ isSkipped, isFailed }) => !isSkipped && !isFailed).length,
    failed: failedTests + troubles.length,
    notRun: notRun.length,
    reasons: [...new Set(notRun.map(({ group }) => reasonIn(group)))],
    troubles,
  };
}

interface TestCase {
  readonly name: string;
  readonly group: string;
  readonly isSkipped: boolean;
  readonly isFailed: boolean;
}

function readCase([, attributes = "", body = ""]: RegExpExecArray): TestCase {
  return {
    name: attribute(attributes, "name"),
    group: attribute(attributes, "classname"),
    isSkipped: body.includes("<skipped"),
    isFailed: /<(failure|error)\b/.test(body),
  };
}

function findTroubles(xml: string, { files, trouble, exitCode }: SuiteEnd, failedTests: number): readonly string[] {
  const reported = new Set(
    [...xml.matchAll(/<testsuite\b([^>]*)>/g)].map(([, found = ""]) => attribute(found, "file")),
  );
  const troubles = files.filter((file) => !reported.has(file)).map((file) => `${file} did not load, or holds no test`);
  if (trouble !== undefined) troubles.push(trouble);
  if (troubles.length === 0 && exitCode !== 0 && failedTests === 0) troubles.push(`ended with exit code ${exitCode}`);
  return troubles;
}

function reasonIn(group: string): string {
  return /\(not run: (.*?)\)/.exec(group)?.[1] ?? `skipped without a reason in "${group}"`;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replaceAll(/&(\w+);/g, (whole, entity: string) => entities[entity] ?? whole);
}
