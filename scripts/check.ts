/** The quick check before a commit: format, lint, types, generated documents, the architecture and every unit test. */
import { runStaticChecks } from "./static-checks.ts";
import { findSuites, runSuite } from "./test-suite.ts";

const quickSuites = new Set(["architecture", "unit"]);

async function main(): Promise<number> {
  let isPassed = true;
  const say = (name: string, isGood: boolean, seconds: number) => {
    isPassed &&= isGood;
    console.log(`${isGood ? "passed" : "FAILED"}  ${name} (${seconds.toFixed(1)} s)`);
  };
  for (const result of await runStaticChecks()) {
    if (!result.isPassed) console.log(result.output);
    say(result.name, result.isPassed, result.seconds);
  }
  for (const suite of (await findSuites()).filter(({ name }) => quickSuites.has(name))) {
    const { passed, failed, troubles, seconds } = await runSuite(suite);
    for (const trouble of troubles) console.log(`${suite.name}: ${trouble}`);
    say(suite.name, failed === 0 && passed > 0, seconds);
  }
  return isPassed ? 0 : 1;
}

process.exit(await main());
