import { join } from "node:path";

import { argv } from "../../support/argv.ts";
import { startDaemon } from "../../support/daemon.ts";
import { runProgram } from "../../support/run-program.ts";
import {
  laterClientsFolder,
  type RequiredProgram,
  requireLaterClient,
  requireProgram,
} from "../../support/require-program.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

export interface DockerVersion {
  readonly name: string;
  readonly dockerd: RequiredProgram;
  readonly docker: RequiredProgram;
  /** Of a later release, with its helpers beside it; it keeps its images in containerd's store. */
  readonly isLater: boolean;
}

export const dockerVersions: readonly DockerVersion[] = [
  {
    name: "docker of this release",
    dockerd: requireProgram("dockerd", "docker.io"),
    docker: requireProgram("docker", "docker.io"),
    isLater: false,
  },
  {
    name: "a later docker on containerd's store",
    dockerd: requireLaterClient("dockerd"),
    docker: requireLaterClient("docker"),
    isLater: true,
  },
];

export interface DockerEngine {
  /** The command line client, told where this engine is. */
  readonly docker: readonly string[];
  /** What the client needs in its environment: its own configuration, thus its own logins, and the classic builder. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts an engine with a containerd of its own, no network, and all its data in a temporary folder. */
export async function startDocker(version: DockerVersion): Promise<DockerEngine> {
  const folder = makeTemporaryFolder("docker");
  const socket = join(folder, "docker.sock");
  const path = process.env["PATH"] ?? "";
  const PATH = version.isLater ? `${laterClientsFolder}:${path}:/usr/sbin:/sbin` : `${path}:/usr/sbin:/sbin`;
  const env = { PATH, DOCKER_CONFIG: join(folder, "client"), DOCKER_BUILDKIT: "0", DOCKER_CLI_HINTS: "false" };
  const docker = argv`${version.docker.path} --host unix://${socket}`;
  const daemon = await startDaemon({
    argv: argv`${version.dockerd.path} --host unix://${socket} --data-root ${join(folder, "data")}
      --exec-root ${join(folder, "exec")} --pidfile ${join(folder, "docker.pid")}
      --iptables=false --ip6tables=false --bridge=none
      ${version.isLater ? argv`--feature containerd-snapshotter=true` : []}`,
    env,
    isReady: async () => (await runProgram(argv`${docker} version`, { env })).exitCode === 0,
  });
  return { docker, env, stop: () => daemon.stop() };
}
