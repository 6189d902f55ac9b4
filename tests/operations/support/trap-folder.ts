import { join } from "node:path";

import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** A folder with what Bun takes from the folder that it is started in: code to run first, variables, paths of modules. */
export async function makeTrapFolder(): Promise<string> {
  const folder = makeTemporaryFolder("trap");
  const files = {
    "trap.ts": 'console.log("the trap has run"); process.exit(3);',
    "bunfig.toml": 'preload = ["./trap.ts"]',
    ".env": "REGISTRY_AUTH=nonsense",
    "tsconfig.json": '{"compilerOptions": {"paths": {"zod": ["./trap.ts"], "commander": ["./trap.ts"]}}}',
    "package.json": '{"name": "trap", "imports": {"#zod": "./trap.ts"}}',
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), `${text}\n`);
  return folder;
}
