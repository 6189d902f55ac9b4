/**
 * The project's test command: static checks, then every suite under `tests/`, one after another, with several files of a suite at once.
 *
 *     npm test                      everything
 *     npm test -- clients faults    some suites
 *     npm test -- static            only format, lint, types and generated documents
 *
 * A test that cannot run for want of a program is reported as not run; where `CI` is set it counts as failed. The last line
 * is `N passed, M failed`, and the exit code is not 0 when anything failed or nothing ran.
 */
import { runStaticChecks } from "./static-checks.ts";
import { findSuites, runSuite, type Suite, type SuiteResult } from "./test-suite.ts";

interface Line {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
  readonly seconds: number;
  readonly remarks: readonly string[];
}

const staticName = "static";
const isContinuousIntegration = !["", "0", "false"].includes(process.env["CI"] ?? "");

async function main(wanted: readonly string[]): Promise<number> {
  const suites = await findSuites();
  const known = [staticName, ...suites.map(({ name }) => name)];
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no suite is named ${unknown.join(", ")}; there are: ${known.join(", ")}`);
    return 2;
  }
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  const lines: Line[] = [];
  if (isWanted(staticName)) lines.push(await runStatic());
  for (const suite of suites) if (isWanted(suite.name)) lines.push(await runOne(suite));
  return summarise(lines);
}

async function runStatic(): Promise<Line> {
  console.log(`== ${staticName}`);
  const results = await runStaticChecks();
  const broken = results.filter(({ isPassed }) => !isPassed);
  for (const { name, output } of broken) console.log(`-- ${name}\n${output}`);
  return {
    name: staticName,
    passed: results.length - broken.length,
    failed: broken.length,
    notRun: 0,
    seconds: Math.max(...results.map(({ seconds }) => seconds)),
    remarks: broken.map(({ name }) => `failed: ${name}`),
  };
}

async function runOne(suite: Suite): Promise<Line> {
  console.log(`== ${suite.name}`);
  const result = await runSuite(suite);
  return { name: suite.name, ...result, remarks: remarksOn(result) };
}

function remarksOn({ reasons, troubles }: SuiteResult): readonly string[] {
  return [...troubles, ...reasons.map((reason) => `not run: ${reason}`)];
}

function summarise(lines: readonly Line[]): number {
  console.log("\nsuite            passed  failed  not run  seconds");
  for (const line of lines) {
    const numbers = [line.passed, line.failed, line.notRun].map((count) => String(count).padStart(8)).join("");
    console.log(`${line.name.padEnd(15)}${numbers}${line.seconds.toFixed(1).padStart(10)}`);
    for (const remark of line.remarks) console.log(`    ${remark}`);
  }
  const sum = (count: (line: Line) => number) => lines.reduce((total, line) => total + count(line), 0);
  const notRun = sum((line) => line.notRun);
  if (notRun > 0) console.log(`\n${notRun} not run${isContinuousIntegration ? ", which counts as failed here" : ""}`);
  const passed = sum((line) => line.passed);
  const failed = sum((line) => line.failed) + (isContinuousIntegration ? notRun : 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
