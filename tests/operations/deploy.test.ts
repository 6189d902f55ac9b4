import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { parse } from "yaml";

import { argv } from "../support/argv.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import { requireProgram } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { isAnswering, runBerth, startServe } from "../support/berth-command.ts";

setDefaultTimeout(120_000);

const checkout = join(import.meta.dir, "../..");
const read = (path: string) => readFileSync(join(checkout, path), "utf8");

interface ImageConfig {
  readonly storage: { readonly filesystem: { readonly rootdirectory: string } };
  readonly auth: { readonly htpasswd: { readonly path: string } };
  readonly http: { readonly addr: string; readonly draintimeout: string };
}

const configFile = join(checkout, "deploy/config.yml");
const config = parse(read("deploy/config.yml")) as ImageConfig;

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** All durations in these files are in seconds. */
function secondsOf(duration: string | undefined): number {
  return Number(/^(\d+)s$/.exec(duration ?? "")?.[1]);
}

/** The instructions of the Dockerfile, each on one line. */
const instructions: readonly Instruction[] = read("deploy/Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll(/\\\n/g, " ")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => {
    const [, name = "", text = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, text };
  });

function textsOf(name: string): readonly string[] {
  return instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

const copies: readonly Copy[] = textsOf("COPY").map((text) => {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
  const places = words.filter((word) => !word.startsWith("--"));
  return { from, sources: places.slice(0, -1), target: places.at(-1) ?? "" };
});

describe("the image's configuration", () => {
  test("is good, and warns of nothing but the password file that the first start makes", async () => {
    const { exitCode, stderr } = await runBerth(["check-config", configFile]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning: auth\.htpasswd\.path: there is no \S+; serve will make it.*\n$/);
  });

  test("asks for a login, which the log of the first start tells", async () => {
    const folder = makeTemporaryFolder("image");
    const address = `127.0.0.1:${takeFreePort()}`;
    const url = `http://${address}`;
    const env = {
      REGISTRY_HTTP_ADDR: address,
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: folder,
      REGISTRY_AUTH_HTPASSWD_PATH: join(folder, "htpasswd"),
    };
    const start = () => startServe({ args: [configFile], env, isReady: () => isAnswering(`${url}/v2/`) });
    const first = await start();
    expect((await new HttpClient(url).get("/v2/")).status).toBe(401);
    await first.stop();
    const password = /the password ([\w-]+)/.exec(await first.stderr())?.[1] ?? "";
    expect(password).not.toBe("");
    const again = await start();
    await pushImage(new HttpClient(url, { authorization: `Basic ${btoa(`docker:${password}`)}` }), "app", "1");
    await again.stop();
  });
});

describe("the Dockerfile", () => {
  test("copies what is there", () => {
    expect(instructions.every(({ name }) => name !== "")).toBe(true);
    const missing = copies
      .filter(({ from }) => from === undefined)
      .flatMap(({ sources }) => sources)
      .filter((source) => !existsSync(join(checkout, source)));
    expect(missing).toEqual([]);
  });

  test("copies enough for the build, and builds what it copies on", async () => {
    const folder = makeTemporaryFolder("context");
    const built = copies.find(({ from }) => from === "build")?.sources[0] ?? "";
    for (const { from, sources, target } of copies) {
      if (from !== undefined || target.startsWith("/")) continue;
      for (const source of sources) {
        const place = sources.length > 1 || target.endsWith("/") ? join(target, source) : target;
        mkdirSync(dirname(join(folder, place)), { recursive: true });
        cpSync(join(checkout, source), join(folder, place), { recursive: true });
      }
    }
    // In place of `npm ci`.
    symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
    expect(textsOf("RUN")).toContain("npm run build");
    await mustRun(argv`npm run build`, { cwd: folder });
    const executable = join(folder, built.replace(`${textsOf("WORKDIR")[0]}/`, ""));
    expect(await runBerth(["version"], { executable })).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("starts what it copied on what it copied, as nobody special, where the configuration says", () => {
    const executable = copies.find(({ from }) => from === "build");
    const file = copies.find(({ sources }) => sources.includes("deploy/config.yml"));
    expect(textsOf("ENTRYPOINT")).toEqual([JSON.stringify([executable?.target])]);
    expect(JSON.parse(textsOf("CMD")[0] ?? "[]")).toEqual(["serve", file?.target]);
    expect(textsOf("EXPOSE")).toEqual([config.http.addr.slice(1)]);
    expect(textsOf("VOLUME")).toEqual([config.storage.filesystem.rootdirectory]);
    expect(config.auth.htpasswd.path).toStartWith(`${config.storage.filesystem.rootdirectory}/`);
    const [user = "root"] = textsOf("USER");
    expect(user).not.toMatch(/^(?:root|0)\b/);
    expect(textsOf("RUN").join("\n")).toMatch(new RegExp(`useradd .*\\b${user}\\b`));
  });
});

describe("the compose file", () => {
  interface Service {
    readonly build: { readonly context: string; readonly dockerfile: string };
    readonly ports: readonly string[];
    readonly volumes: readonly string[];
    readonly stop_grace_period: string;
  }
  const compose = parse(read("deploy/compose.yml")) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const [service] = Object.values(compose.services);

  test("names files that are there", () => {
    const context = join(checkout, "deploy", service?.build.context ?? "nowhere");
    expect(join(context)).toBe(join(checkout));
    expect(existsSync(join(context, service?.build.dockerfile ?? "nowhere"))).toBe(true);
  });

  test("agrees with the image: port, volume, and time enough to stop", () => {
    expect(service?.ports.map((port) => `:${port.split(":").at(-1)}`)).toEqual([config.http.addr]);
    const [[name = "", path] = []] = (service?.volumes ?? []).map((volume) => volume.split(":"));
    expect(path).toBe(config.storage.filesystem.rootdirectory);
    expect(Object.keys(compose.volumes)).toEqual([name]);
    expect(secondsOf(service?.stop_grace_period)).toBeGreaterThan(secondsOf(config.http.draintimeout));
  });
});

describe("the systemd unit", () => {
  const unit = read("deploy/berth.service");
  const settings = Object.fromEntries(
    [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
  );

  test("starts serve, does not try again after a wrong configuration, and waits for the drain", () => {
    expect(settings["ExecStart"]).toMatch(/^\/usr\/local\/bin\/berth serve \/etc\/berth\/config\.yml$/);
    expect(settings["Restart"]).toBe("on-failure");
    expect(settings["RestartPreventExitStatus"]).toBe("78");
    expect(Number(settings["TimeoutStopSec"])).toBeGreaterThan(secondsOf(config.http.draintimeout));
  });

  test("gives it no more than it needs", () => {
    expect(settings).toMatchObject({ DynamicUser: "yes", NoNewPrivileges: "yes", ProtectSystem: "strict" });
    expect(settings["StateDirectory"]).toBe("berth");
    expect(Number(settings["LimitNOFILE"])).toBeGreaterThanOrEqual(65_536);
    // Bun's compiler needs memory that it writes and runs; a unit with this would not start.
    expect(settings).not.toHaveProperty("MemoryDenyWriteExecute");
  });

  const analyze = requireProgram("systemd-analyze", "systemd");
  analyze.describe("systemd-analyze", () => {
    test("knows every key of it", async () => {
      const file = join(makeTemporaryFolder("unit"), "berth.service");
      // It insists on the program's being installed.
      writeFileSync(file, unit.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
      expect(await runProgram(argv`${analyze.path} verify ${file}`)).toMatchObject({ exitCode: 0, output: "" });
    });
  });
});
