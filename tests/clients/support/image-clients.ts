import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../../support/argv.ts";
import type { Image } from "../../support/image.ts";
import type { Login } from "../../support/registry-client.ts";
import {
  type RequiredProgram,
  requireLaterClient,
  requireProgram,
  requireRoot,
} from "../../support/require-program.ts";
import { type Finished, mustRun, runProgram, type RunOptions } from "../../support/run-program.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";
import { containerdVersions, startContainerd } from "./containerd.ts";
import { dockerVersions, startDocker } from "./docker-engine.ts";

/** A client that moves images, or charts, as its users start it. */
export interface ImageClient {
  readonly name: string;
  readonly describe: RequiredProgram["describe"];
  /** What it moves is called so, and its tag is always {@link TAG}. */
  readonly moves: "image" | "chart";
  /** Whether a log-in asks the registry; others only keep what they are given. */
  readonly checksLogin: boolean;
  start(given: ClientGiven): Promise<ClientSession>;
}

export interface ClientGiven {
  readonly host: string;
  /** Where everybody may pull what the client moves. */
  readonly source: string;
  readonly image: Image;
  /** Chart archive. */
  readonly chart: string | undefined;
}

/** A client with logins and images of its own, logged in nowhere at first. */
export interface ClientSession {
  /** Where it may keep what it got for a password. */
  readonly loginFile: string;
  logIn(login: Login): Promise<Finished>;
  logOut(): Promise<Finished>;
  /** Pushes the sample. @param repository without host and tag; its last part is what the client moves */
  push(repository: string): Promise<Finished>;
  /** Pulls as if it had nothing yet. */
  pull(repository: string): Promise<Finished>;
  stop(): Promise<void>;
}

export const TAG = "1.0.0";

const root = requireRoot();
const done: Finished = { exitCode: 0, stdout: "", stderr: "", output: "" };
const nothingToStop = async () => {};

const asRoot =
  (program: RequiredProgram): RequiredProgram["describe"] =>
  (title, body) =>
    (root.isInstalled ? program : root).describe(title, body);

const dockers = dockerVersions.map((version): ImageClient => ({
  name: version.name,
  describe: asRoot(version.dockerd),
  moves: "image",
  checksLogin: true,
  async start({ host, source }) {
    const engine = await startDocker(version);
    const run = (words: readonly string[], input?: string) =>
      runProgram([...engine.docker, ...words], { env: engine.env, ...(input !== undefined && { input }) });
    await mustRun([...engine.docker, ...argv`pull --quiet ${source}`], { env: engine.env });
    await run(argv`tag ${source} sample:1`);
    return {
      loginFile: join(engine.env["DOCKER_CONFIG"] ?? "", "config.json"),
      logIn: ({ user, password }) => run(argv`login --username ${user} --password-stdin ${host}`, password),
      logOut: () => run(argv`logout ${host}`),
      async push(repository) {
        await run(argv`tag sample:1 ${host}/${repository}:${TAG}`);
        return run(argv`push ${host}/${repository}:${TAG}`);
      },
      async pull(repository) {
        await run(argv`image rm --force ${host}/${repository}:${TAG}`);
        return run(argv`pull ${host}/${repository}:${TAG}`);
      },
      stop: () => engine.stop(),
    };
  },
}));

const skopeo = requireProgram("skopeo");
const skopeoClient: ImageClient = {
  name: "skopeo",
  describe: skopeo.describe,
  moves: "image",
  checksLogin: true,
  async start({ host, image }) {
    const login = useAuthFile(skopeo.path, host);
    const copy = `${skopeo.path} copy --quiet`;
    return {
      ...login,
      push: (repository) =>
        login.run(
          argv`${copy.split(" ")} --dest-tls-verify=false ${image.source} docker://${host}/${repository}:${TAG}`,
        ),
      pull: (repository) =>
        login.run(
          argv`${copy.split(" ")} --src-tls-verify=false docker://${host}/${repository}:${TAG}
            dir:${makeTemporaryFolder("pulled")}`,
        ),
      stop: nothingToStop,
    };
  },
};

const podman = requireProgram("podman");
const podmanClient: ImageClient = {
  name: "podman",
  describe: asRoot(podman),
  moves: "image",
  checksLogin: true,
  start: ({ host, source }) => {
    const folder = makeTemporaryFolder("podman");
    const own = argv`${podman.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")}
      --tmpdir ${join(folder, "tmp")} --storage-driver overlay --cgroup-manager cgroupfs`;
    return startStore({ own, logInBy: podman.path, host, source });
  },
};

const buildah = requireProgram("buildah");
const buildahClient: ImageClient = {
  name: "buildah",
  describe: asRoot(buildah),
  moves: "image",
  checksLogin: true,
  start: ({ host, source }) => {
    const folder = makeTemporaryFolder("buildah");
    const own = argv`${buildah.path} --root ${join(folder, "root")} --runroot ${join(folder, "run")} --storage-driver overlay`;
    return startStore({ own, logInBy: buildah.path, host, source });
  },
};

const ctrs = containerdVersions.map(({ name, daemon, ctr }): ImageClient => ({
  name: `ctr of ${name}`,
  describe: asRoot(daemon),
  moves: "image",
  checksLogin: false,
  async start({ host, source }) {
    const started = await startContainerd(daemon.path);
    const images = argv`${ctr.path} --address ${started.socket} --namespace access images`;
    let user: readonly string[] = [];
    await mustRun(argv`${images} pull --plain-http --all-platforms ${source}`);
    return {
      loginFile: "",
      logIn: async ({ user: name, password }) => {
        user = argv`--user ${name}:${password}`;
        return done;
      },
      logOut: async () => {
        user = [];
        return done;
      },
      async push(repository) {
        await mustRun(argv`${images} tag --force ${source} ${host}/${repository}:${TAG}`);
        return runProgram(argv`${images} push --plain-http ${user} ${host}/${repository}:${TAG}`);
      },
      pull: (repository) =>
        runProgram(argv`${images} pull --plain-http --all-platforms ${user} ${host}/${repository}:${TAG}`),
      stop: () => started.daemon.stop(),
    };
  },
}));

const crane = requireLaterClient("crane");
const craneClient: ImageClient = {
  name: "crane",
  describe: crane.describe,
  moves: "image",
  checksLogin: false,
  async start({ host, image }) {
    const folder = makeTemporaryFolder("crane");
    const run = (words: readonly string[], options?: RunOptions) =>
      runProgram([crane.path, ...words], { env: { DOCKER_CONFIG: folder }, ...options });
    return {
      loginFile: join(folder, "config.json"),
      logIn: ({ user, password: input }) =>
        run(argv`auth login --username ${user} --password-stdin ${host}`, { input, env: { DOCKER_CONFIG: folder } }),
      logOut: () => run(argv`auth logout ${host}`),
      push: (repository) => run(argv`push ${image.folder} ${host}/${repository}:${TAG}`),
      pull: (repository) =>
        run(argv`pull --format oci ${host}/${repository}:${TAG} ${makeTemporaryFolder("crane-pulled")}`),
      stop: nothingToStop,
    };
  },
};

const oras = requireLaterClient("oras");
const orasClient: ImageClient = {
  name: "oras",
  describe: oras.describe,
  moves: "image",
  checksLogin: true,
  async start({ host, image }) {
    const loginFile = join(makeTemporaryFolder("oras"), "config.json");
    const run = (words: readonly string[], options?: RunOptions) => runProgram([oras.path, ...words], options);
    const layout = `${image.folder}:latest`;
    return {
      loginFile,
      logIn: ({ user, password: input }) =>
        run(argv`login --plain-http --registry-config ${loginFile} --username ${user} --password-stdin ${host}`, {
          input,
        }),
      logOut: () => run(argv`logout --registry-config ${loginFile} ${host}`),
      push: (repository) =>
        run(
          argv`cp --from-oci-layout ${layout} --to-plain-http --to-registry-config ${loginFile} ${host}/${repository}:${TAG}`,
        ),
      pull: (repository) =>
        run(
          argv`cp --from-plain-http --from-registry-config ${loginFile} ${host}/${repository}:${TAG}
            --to-oci-layout ${makeTemporaryFolder("oras-pulled")}:${TAG}`,
        ),
      stop: nothingToStop,
    };
  },
};

const helm = requireLaterClient("helm");
const helmClient: ImageClient = {
  name: "helm",
  describe: helm.describe,
  moves: "chart",
  checksLogin: true,
  async start({ host, chart }) {
    const home = makeTemporaryFolder("helm");
    const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, DOCKER_CONFIG: home };
    const run = (words: readonly string[], input?: string) =>
      runProgram([helm.path, ...words], { env, ...(input !== undefined && { input }) });
    const oci = (repository: string) => `oci://${host}/${repository}`;
    return {
      loginFile: join(home, "registry/config.json"),
      logIn: ({ user, password }) =>
        run(argv`registry login --plain-http --username ${user} --password-stdin ${host}`, password),
      logOut: () => run(argv`registry logout ${host}`),
      push: (repository) => run(argv`push ${chart ?? ""} ${oci(repository.slice(0, -"/chart".length))} --plain-http`),
      pull: (repository) =>
        run(argv`pull ${oci(repository)} --version ${TAG} --plain-http --destination ${makeTemporaryFolder("charts")}`),
      stop: nothingToStop,
    };
  },
};

/** Every client that the tests know, each once. */
export const imageClients: readonly ImageClient[] = [
  ...dockers,
  skopeoClient,
  podmanClient,
  buildahClient,
  ...ctrs,
  craneClient,
  orasClient,
  helmClient,
];

/** The chart that helm moves; `undefined` where there is no helm. */
export async function packChart(): Promise<string | undefined> {
  if (!helm.isInstalled) return undefined;
  const folder = makeTemporaryFolder("chart");
  mkdirSync(join(folder, "chart/templates"), { recursive: true });
  writeFileSync(join(folder, "chart/Chart.yaml"), `apiVersion: v2\nname: chart\nversion: ${TAG}\n`);
  await mustRun(argv`${helm.path} package ${join(folder, "chart")} --destination ${folder}`);
  return join(folder, `chart-${TAG}.tgz`);
}

/** What skopeo, podman and buildah have in common. */
function useAuthFile(path: string, host: string) {
  const loginFile = join(makeTemporaryFolder("logins"), "auth.json");
  // Podman takes none that is missing.
  writeFileSync(loginFile, "{}");
  const env = { REGISTRY_AUTH_FILE: loginFile };
  const run = (words: readonly string[], input?: string) =>
    runProgram(words, { env, ...(input !== undefined && { input }) });
  return {
    loginFile,
    run,
    logIn: ({ user, password }: Login) =>
      run(argv`${path} login --tls-verify=false --username ${user} --password-stdin ${host}`, password),
    logOut: () => run(argv`${path} logout ${host}`),
  };
}

interface StoreGiven extends Pick<ClientGiven, "host" | "source"> {
  readonly own: readonly string[];
  readonly logInBy: string;
}

/** Podman or buildah, which push what is in their store. */
async function startStore({ own, logInBy, host, source }: StoreGiven): Promise<ClientSession> {
  const login = useAuthFile(logInBy, host);
  await mustRun(argv`${own} pull --quiet --tls-verify=false ${source}`);
  return {
    ...login,
    push: (repository) =>
      login.run(argv`${own} push --quiet --tls-verify=false ${source} docker://${host}/${repository}:${TAG}`),
    async pull(repository) {
      // Without force the image stays as long as it has another name.
      await login.run(argv`${own} rmi ${host}/${repository}:${TAG}`);
      return login.run(argv`${own} pull --quiet --tls-verify=false ${host}/${repository}:${TAG}`);
    },
    stop: nothingToStop,
  };
}
