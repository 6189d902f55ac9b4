import { join } from "node:path";

const root = join(import.meta.dir, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);

/** What can be said about the source without running it, in the order of what is quickest to put right. */
const checks = {
  format: [bin("oxfmt"), "--check", "."],
  lint: [bin("oxlint"), "--type-aware", "src", "tests", "scripts", "bench"],
  types: [bin("tsc"), "--noEmit"],
  documents: [join(root, "bin/bun"), "scripts/generate-docs.ts", "--check"],
} as const;

export interface CheckResult {
  readonly name: string;
  readonly isPassed: boolean;
  readonly seconds: number;
  /** What the tool said. */
  readonly output: string;
}

/** Runs every static check, two at a time, and reports each. */
export async function runStaticChecks(): Promise<readonly CheckResult[]> {
  const waiting = Object.entries(checks);
  const results: CheckResult[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await runCheck(next[0], next[1]));
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

async function runCheck(name: string, command: readonly string[]): Promise<CheckResult> {
  const startedAtMs = performance.now();
  const child = Bun.spawn([...command], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 300_000,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { name, isPassed: exitCode === 0, seconds, output: `${stdout}${stderr}` };
}
