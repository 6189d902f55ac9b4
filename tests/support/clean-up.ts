/** Loaded before every test run (`bunfig.toml`): ends what the tests started and removes what they wrote, after the last one. */
import { afterAll } from "bun:test";

import { killDaemons, stopDaemons } from "./daemon.ts";
import { removeTemporaryFolders } from "./temporary-folder.ts";

afterAll(async () => {
  await stopDaemons();
  removeTemporaryFolders();
}, 30_000);

// A run that is ended from outside never comes to its `afterAll`; `exit` events only come with an explicit exit.
process.on("exit", () => {
  killDaemons();
  removeTemporaryFolders();
});
process.once("SIGTERM", () => process.exit(143)).once("SIGINT", () => process.exit(130));
