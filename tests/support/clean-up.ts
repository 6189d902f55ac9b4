/** Loaded before every test run (`bunfig.toml`): ends what the tests started and removes what they wrote, after the last one. */
import { afterAll } from "bun:test";

import { killDaemons } from "./daemon.ts";
import { removeTemporaryFolders } from "./temporary-folder.ts";

function cleanUp(): void {
  killDaemons();
  removeTemporaryFolders();
}

afterAll(cleanUp);

// A run that is ended from outside never comes to its `afterAll`; `exit` events only come with an explicit exit.
process.on("exit", cleanUp);
process.once("SIGTERM", () => process.exit(143)).once("SIGINT", () => process.exit(130));
