import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../../support/argv.ts";
import { type Daemon, startDaemon } from "../../support/daemon.ts";
import { laterClientsFolder, requireLaterClient, requireProgram } from "../../support/require-program.ts";
import { runProgram } from "../../support/run-program.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

export const containerdVersions = [
  {
    name: "containerd of this release",
    daemon: requireProgram("containerd"),
    ctr: requireProgram("ctr", "containerd"),
  },
  { name: "a later containerd", daemon: requireLaterClient("containerd"), ctr: requireLaterClient("ctr") },
] as const;

export interface Containerd {
  readonly daemon: Daemon;
  readonly socket: string;
}

/** Starts containerd with everything it owns in a temporary folder. */
export async function startContainerd(path: string): Promise<Containerd> {
  const folder = makeTemporaryFolder("containerd");
  const socket = join(folder, "containerd.sock");
  const config = `version = 2
root = "${join(folder, "root")}"
state = "${join(folder, "state")}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "${join(folder, "opt")}"
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
`;
  writeFileSync(join(folder, "config.toml"), config);
  const ctr = join(path, "../ctr");
  const daemon = await startDaemon({
    argv: argv`${path} --config ${join(folder, "config.toml")}`,
    env: { PATH: `${laterClientsFolder}:${process.env["PATH"] ?? ""}` },
    isReady: async () => (await runProgram(argv`${ctr} --address ${socket} version`)).exitCode === 0,
  });
  return { daemon, socket };
}
