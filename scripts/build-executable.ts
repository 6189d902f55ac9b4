/**
 * Builds Berth as one file that needs nothing beside it: `npm run build` writes `dist/berth`.
 * `npm run build -- --target=bun-linux-arm64` builds for another platform, `--outfile=PATH` writes elsewhere.
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    target: { type: "string", default: `bun-${process.platform}-${process.arch}` },
    outfile: { type: "string", default: "dist/berth" },
  },
});

const result = await Bun.build({
  // Workers are entries of their own: they run in other threads, from inside the executable.
  entrypoints: ["src/main.ts", "src/runtime/hashing/hash-worker.ts", "src/metadata/sqlite/checkpoint-worker.ts"],
  // Where the executable looks for them: see src/runtime/worker-thread.ts.
  root: "src",
  target: "bun",
  sourcemap: "none",
  // Nothing is parsed at the start, which takes half the time then. A program that awaits at its top cannot have it.
  bytecode: true,
  compile: {
    target: values.target as Bun.Build.CompileTarget,
    outfile: values.outfile,
    // Whoever may write where Berth is started must not run code in it.
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
});

for (const message of result.logs) console.error(message);
if (!result.success) process.exit(1);
console.log(`${values.outfile}: ${(Bun.file(values.outfile).size / 1e6).toFixed(0)} MB for ${values.target}`);
