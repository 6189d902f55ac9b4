import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage } from "../support/push-content.ts";
import { requireRoot } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../support/temporary-folder.ts";
import { berthExecutable, isAnswering, runBerth, type ServeProcess, startServe } from "../support/berth-command.ts";
import { makePlace, type Place, writeConfig } from "../support/place.ts";

setDefaultTimeout(60_000);

/** `serve` on a configuration with which it cannot start. */
function serveInVain({ folder }: Place, config: object) {
  return runBerth(["serve", writeConfig(folder, config)], { cwd: folder });
}

async function withServe(started: Promise<ServeProcess>, work: (berth: ServeProcess) => Promise<void>): Promise<void> {
  const berth = await started;
  try {
    await work(berth);
  } finally {
    await berth.stop();
  }
}

describe("without a configuration file", () => {
  test("the greeting names the address, the data directory in the working directory and three commands", async () => {
    const { folder, address } = makePlace();
    const port = address.slice(address.indexOf(":") + 1);
    const env = { REGISTRY_HTTP_ADDR: address };
    const isReady = () => isAnswering(`http://${address}/v2/`);
    await withServe(startServe({ cwd: folder, env, isReady }), async (berth) => {
      const lines = (await berth.stderr()).split("\n").map((line) => line.trim());
      expect(lines).toContain(`Data: ${folder}/data`);
      expect(lines).toContain("Login: none");
      expect(lines.join("\n")).toMatch(
        new RegExp(`^Berth \\d+\\.\\d+\\.\\d+ listens on http://localhost:${port}$`, "m"),
      );
      expect(lines.filter((line) => line.startsWith("docker "))).toEqual([
        "docker pull busybox",
        `docker tag busybox localhost:${port}/busybox`,
        `docker push localhost:${port}/busybox`,
      ]);
      await pushImage(new HttpClient(`http://${address}`), "busybox", "latest");
      expect(statSync(join(folder, "data/docker/registry/v2/blobs/sha256")).isDirectory()).toBe(true);
      expect(statSync(join(folder, "data/berth/berth.db")).isFile()).toBe(true);
    });
  });

  requireRoot().describe("in a network of its own", () => {
    const otherAddress = "198.51.100.7";
    const network = ["unshare", "--net", "sh", "-c"];
    const setUp = `ip link set lo up && ip address add ${otherAddress}/32 dev lo && exec "$@"`;
    const curl = argv`curl --silent --output /dev/null --max-time 5 --write-out ${"%{http_code}"}`;

    test("it listens on port 5000 of 127.0.0.1 and of no other address", async () => {
      const folder = makeTemporaryFolder("start");
      const log = join(folder, "log");
      const child = Bun.spawn([...network, setUp, "sh", berthExecutable, "serve"], {
        cwd: folder,
        stdin: "ignore",
        stdout: Bun.file(log),
        stderr: Bun.file(log),
      });
      const inside = argv`nsenter --net=/proc/${child.pid}/ns/net`;
      const ask = (host: string) => runProgram([...inside, ...curl, `http://${host}:5000/v2/`]);
      try {
        let answer = await ask("127.0.0.1");
        for (let tries = 0; answer.stdout !== "200" && tries < 100; tries++) {
          await Bun.sleep(50);
          answer = await ask("127.0.0.1");
        }
        expect(answer.stdout).toBe("200");
        // 7: the connection was refused.
        expect(await ask(otherAddress)).toMatchObject({ stdout: "000", exitCode: 7 });
        expect((await ask("localhost")).stdout).toBe("200");
      } finally {
        child.kill("SIGTERM");
        expect(await child.exited).toBe(0);
      }
    });
  });
});

describe("the configuration file", () => {
  test("is the one that REGISTRY_CONFIGURATION_PATH names, and there is no greeting then", async () => {
    const { folder, address, config, dataDirectory } = makePlace();
    const env = { REGISTRY_CONFIGURATION_PATH: writeConfig(folder, config) };
    const isReady = () => isAnswering(`http://${address}/v2/`);
    await withServe(startServe({ cwd: makeTemporaryFolder("elsewhere"), env, isReady }), async (berth) => {
      expect(statSync(join(dataDirectory, "berth/berth.db")).isFile()).toBe(true);
      expect(await berth.stderr()).not.toContain("docker push");
    });
  });

  test("on the command line wins over REGISTRY_CONFIGURATION_PATH", async () => {
    const { folder, config } = makePlace();
    const env = { REGISTRY_CONFIGURATION_PATH: join(folder, "absent.yml") };
    expect(await runBerth(["check-config", writeConfig(folder, config)], { env })).toMatchObject({ exitCode: 0 });
    const refused = await runBerth(["check-config"], { env });
    expect(refused.exitCode).toBe(78);
    expect(refused.stderr).toContain("absent.yml");
  });

  test("an empty REGISTRY_CONFIGURATION_PATH names none", async () => {
    const checked = await runBerth(["check-config"], { env: { REGISTRY_CONFIGURATION_PATH: "" } });
    expect(checked).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("with an address for other machines and no auth makes an administrator, once, and asks everybody to sign in", async () => {
    const { folder, address, config } = makePlace();
    const port = address.slice(address.indexOf(":") + 1);
    const file = writeConfig(folder, { ...config, http: { addr: `:${port}` } });
    const isReady = () => isAnswering(`http://${address}/livez`);
    const told = /the administrator admin has been made with the password (\w{20}); change it first/;
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      const [, password = ""] = told.exec(await berth.stderr()) ?? [];
      expect(await berth.stderr()).toContain(`berth login http://localhost:${port} -u admin\n`);
      expect(await berth.stderr()).toContain("passwords travel in clear");
      expect((await fetch(`http://${address}/v2/`)).status).toBe(401);
      const authorization = `Basic ${btoa(`admin:${password}`)}`;
      const refused = await fetch(`http://${address}/v2/`, { headers: { authorization } });
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("must be changed")]);
      const changed = await fetch(`http://${address}/api/v1/me/password`, {
        method: "PUT",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify({ oldPassword: password, newPassword: "correct horse battery" }),
      });
      expect(changed.status).toBe(204);
      const own = `Basic ${btoa("admin:correct horse battery")}`;
      expect((await fetch(`http://${address}/v2/`, { headers: { authorization: own } })).status).toBe(200);
    });
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      expect(await berth.stderr()).not.toMatch(told);
    });
  });

  test.each([
    ["in the file", { auth: { none: {} } }, {}],
    ["in the environment", {}, { REGISTRY_AUTH: "none" }],
  ])("with such an address starts when it says %s that no login is wanted", async (_, more, env) => {
    const { folder, address, config } = makePlace();
    const port = address.slice(address.indexOf(":") + 1);
    const file = writeConfig(folder, { ...config, http: { addr: `:${port}` }, ...more });
    const isReady = () => isAnswering(`http://${address}/v2/`);
    await withServe(startServe({ args: [file], env, isReady }), async () => {
      // IPv6 shows that it is more than 127.0.0.1.
      const answer = await fetch(`http://[::1]:${port}/v2/`);
      expect(answer.status).toBe(200);
    });
  });

  test("that is wrong in several places is refused with all of them and their lines", async () => {
    const { folder, address } = makePlace();
    const file = join(folder, "config.yml");
    writeFileSync(file, `version: 0.1\nhttp:\n  addr: ${address}\n  drainTime: 3s\nlog:\n  level: loud\n`);
    const refused = await runBerth(["serve", file]);
    expect(refused.exitCode).toBe(78);
    expect(refused.stderr).toMatch(/drainTime.* line 4\).*draintimeout/);
    expect(refused.stderr).toMatch(/log\.level.* line 6\)/);
  });
});

describe("what a start needs and cannot have", () => {
  const auth = { none: {} };

  test("a port that another program has", async () => {
    const place = makePlace();
    await using other = occupyPort();
    const refused = await serveInVain(place, { ...place.config, http: { addr: other.address } });
    expect(refused).toMatchObject({ exitCode: 69, stdout: "" });
    expect(refused.stderr).toContain(`${other.address} is in use`);
  });

  test("a debug port that another program has", async () => {
    const place = makePlace();
    await using other = occupyPort();
    const http = { ...place.config.http, debug: { addr: other.address } };
    const refused = await serveInVain(place, { ...place.config, http });
    expect(refused).toMatchObject({ exitCode: 69, stdout: "" });
    expect(refused.stderr).toContain(`${other.address} is in use`);
  });

  test("an address whose name has none", async () => {
    const place = makePlace();
    const refused = await serveInVain(place, { ...place.config, http: { addr: "registry.invalid:5000" }, auth });
    expect(refused).toMatchObject({ exitCode: 69, stdout: "" });
    expect(refused.stderr).toContain("the name registry.invalid cannot be resolved");
  });

  function occupyPort() {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    return { address: `127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
  }

  test.each([
    ["is no database", (database: string) => writeFileSync(database, "x".repeat(8192))],
    ["is a directory", (database: string) => mkdirSync(database)],
  ])("a database: what lies there %s", async (_, damage) => {
    const place = makePlace();
    const database = join(place.dataDirectory, "berth/berth.db");
    mkdirSync(join(database, ".."), { recursive: true });
    damage(database);
    expectNamed(await serveInVain(place, place.config), database);
  });

  test("a database that is damaged inside", async () => {
    const place = makePlace();
    const database = join(place.dataDirectory, "berth/berth.db");
    const before = await startBerth({ dataDirectory: place.dataDirectory });
    await before.stop();
    const bytes = await Bun.file(database).bytes();
    await Bun.write(database, bytes.fill(0x55, 100));
    expectNamed(await serveInVain(place, place.config), database);
  });

  test.each([
    ["removed", (database: string) => rmSync(database)],
    ["emptied", (database: string) => writeFileSync(database, "")],
  ])("the database of blobs that are there: it was %s; without the blobs it begins anew", async (_, lose) => {
    const place = makePlace();
    const before = await startBerth({ dataDirectory: place.dataDirectory });
    await pushImage(new HttpClient(before.url), "app", "one");
    await before.stop();
    const database = join(place.dataDirectory, "berth/berth.db");
    const blobs = join(place.dataDirectory, "docker/registry/v2/blobs");
    lose(database);
    const refused = await serveInVain(place, place.config);
    expectNamed(refused, database);
    expect(refused.stderr).toContain(`move ${blobs} away`);
    expect(refused.exitCode).toBe(78);

    renameSync(blobs, `${blobs}-away`);
    const again = await startBerth({ dataDirectory: place.dataDirectory });
    await pushImage(new HttpClient(again.url), "app", "two");
    await again.stop();
  });

  test("a data directory: a file is in its place", async () => {
    const place = makePlace();
    writeFileSync(place.dataDirectory, "");
    expectNamed(await serveInVain(place, place.config), place.dataDirectory);
  });

  test("a password file that can be neither read nor made", async () => {
    const place = makePlace();
    const path = "/proc/nowhere/htpasswd";
    expectNamed(await serveInVain(place, { ...place.config, auth: { htpasswd: { realm: "x", path } } }), path);
  });

  test.each([
    [
      "of the authorities of a directory",
      { ldap: [{ name: "a", urls: ["ldaps://ldap.example"], ca: "/nowhere/ca.pem", users: { basedn: "dc=example" } }] },
    ],
    [
      "of the authorities of a provider",
      { oidc: [{ name: "a", issuer: "https://id.example", clientid: "b", ca: "/nowhere/ca.pem" }] },
    ],
  ])("a file %s that is not there", async (_, sources) => {
    const place = makePlace();
    expectNamed(await serveInVain(place, { ...place.config, auth: { accounts: {}, ...sources } }), "/nowhere/ca.pem");
  });

  test("a file of another server's certificates that is not there", async () => {
    const place = makePlace();
    const token = { realm: "https://id.example/token", service: "s", issuer: "i", rootcertbundle: "/nowhere/ca.pem" };
    expectNamed(await serveInVain(place, { ...place.config, auth: { token } }), "/nowhere/ca.pem");
  });

  test("a key file that does not hold what was written", async () => {
    const place = makePlace();
    const path = join(place.dataDirectory, "berth/berth.secret");
    await Bun.write(path, "rubbish");
    expectNamed(await serveInVain(place, { ...place.config, auth: { accounts: {} } }), path);
  });

  requireRoot().describe("as a user who may not write everywhere", () => {
    /** Starts Berth as root without what lets root write everywhere, so that permissions count. */
    function makeExecutable({ folder }: Place): string {
      const path = join(folder, "berth-without-privileges");
      const command = `exec setpriv --bounding-set=-all --inh-caps=-all ${berthExecutable} "$@"`;
      writeFileSync(path, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
      return path;
    }

    test.each(["berth.db", "berth.db-wal", "berth.db-shm", "serve.lock"])(
      "a file of the database that another user left is named, with what to do: %s",
      async (name) => {
        const place = makePlace();
        const before = await startBerth({ dataDirectory: place.dataDirectory });
        await before.stop();
        const path = join(place.dataDirectory, "berth", name);
        await mustRun(argv`touch ${path}`);
        await mustRun(argv`chown 65534 ${path}`);
        const refused = await runBerth(["serve", writeConfig(place.folder, place.config)], {
          executable: makeExecutable(place),
        });
        expectNamed(refused, `${path}: chown 0`);
        expect(refused.exitCode).toBe(78);
      },
    );

    test("a blob that may not be read is an error in the log, which names its file", async () => {
      const place = makePlace();
      const file = writeConfig(place.folder, place.config);
      const isReady = () => isAnswering(`http://${place.address}/readyz`);
      await withServe(startServe({ args: [file], executable: makeExecutable(place), isReady }), async (berth) => {
        const http = new HttpClient(`http://${place.address}`);
        // One that is small is read before the answer is made.
        const layer = await pushBlob(http, "app", contentOf("x".repeat(300_000)));
        const [, hex = ""] = layer.digest.split(":");
        const path = join(place.dataDirectory, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
        await mustRun(argv`chown 65534 ${path}`);
        await mustRun(argv`chmod 600 ${path}`);
        const answer = await http.get(`/v2/app/blobs/${layer.digest}`);
        expect(answer.status).toBe(503);
        const id = answer.headers.get("x-request-id") ?? "none";
        await berth.stop();
        const line = (await berth.stderr()).split("\n").find((one) => one.includes(id));
        expect(line).toMatch(/^time="[^"]*" level=error .* http\.response\.status=503 .*EACCES.*/);
        expect(line).toContain(`path=${path}`);
      });
    });

    test("a folder of blobs that another user left is named, with what to do; who only reads may start on it", async () => {
      const place = makePlace();
      const before = await startBerth({ dataDirectory: place.dataDirectory });
      await pushImage(new HttpClient(before.url), "app", "one");
      await before.stop();
      const blobs = join(place.dataDirectory, "docker/registry/v2/blobs/sha256");
      await mustRun(argv`chown -R 65534 ${blobs}`);
      const file = writeConfig(place.folder, place.config);
      const executable = makeExecutable(place);
      const refused = await runBerth(["serve", file], { executable });
      expectNamed(refused, blobs);
      expect(refused.stderr).toContain(`chown -R 0 ${place.dataDirectory}`);
      expect(refused.exitCode).toBe(78);

      const env = { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true" };
      const isReady = () => isAnswering(`http://${place.address}/readyz`);
      await withServe(startServe({ args: [file], env, executable, isReady }), async () => {
        const tags = (await new HttpClient(`http://${place.address}`).get("/v2/app/tags/list")).json();
        expect(tags).toEqual({ name: "app", tags: ["one"] });
      });
    });
  });

  /** Not a defect's stack, but a line that names the file. */
  function expectNamed({ exitCode, stderr }: { exitCode: number; stderr: string }, path: string): void {
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).toContain("Berth cannot start");
    expect(stderr).toContain(path);
    expect([69, 78]).toContain(exitCode);
  }
});

describe("a missing password file", () => {
  test("is made for the user docker, readable by nobody else, and the password in the log is the right one", async () => {
    const { folder, address, config } = makePlace();
    const path = join(folder, "auth/htpasswd");
    const file = writeConfig(folder, { ...config, auth: { htpasswd: { realm: "Registry", path } } });
    const isReady = () => isAnswering(`http://${address}/v2/`);
    let password = "";
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      const told = /^warning: .*$/m.exec(await untilLogged(berth, path))?.[0] ?? "";
      [, password = ""] = /the user docker and the password ([\w-]{16,})/.exec(told) ?? [];
      expect(password).not.toBe("");
      expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
      expect(await Bun.file(path).text()).toMatch(/^docker:\$2[aby]\$\d\d\$\S{53}\n$/);
      expect(await status(address, "docker", password)).toBe(200);
      expect(await status(address, "docker", `${password}x`)).toBe(401);
    });
    const before = await Bun.file(path).text();
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      expect(await Bun.file(path).text()).toBe(before);
      expect(await status(address, "docker", password)).toBe(200);
      expect(await untilLogged(berth, "msg=listening")).not.toContain("user docker");
    });
  });

  test("is told of also where the log has only errors", async () => {
    const { folder, address, config } = makePlace();
    const htpasswd = { realm: "Registry", path: join(folder, "htpasswd") };
    const file = writeConfig(folder, { ...config, log: { level: "error" }, auth: { htpasswd } });
    const isReady = () => isAnswering(`http://${address}/v2/`);
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      await berth.stop();
      expect(await berth.stderr()).toMatch(/the user docker and the password [\w-]{16,}/);
    });
  });

  test("once it stood alone leaves rules behind, of which a start with accounts warns until they are gone", async () => {
    const { folder, address, config } = makePlace();
    const path = join(folder, "htpasswd");
    const isReady = () => isAnswering(`http://${address}/v2/`);
    const started = (auth: object) => startServe({ args: [writeConfig(folder, { ...config, auth })], isReady });
    const warned = "may still push and delete everywhere";
    await withServe(started({ htpasswd: { realm: "Registry", path } }), async (berth) => {
      expect(await untilLogged(berth, "msg=listening")).not.toContain(warned);
    });
    const file = join(folder, "config.yml");
    await withServe(started({ accounts: {}, htpasswd: { realm: "Registry", path } }), async (berth) => {
      const told = await untilLogged(berth, "msg=listening");
      expect(told).toMatch(
        new RegExp(`${warned}.*berth namespace remove-role / source:htpasswd and .*access revoke 1`),
      );
    });
    for (const command of ["namespace remove-role / source:htpasswd", "access revoke 1"])
      expect(await runBerth([...command.split(" "), "--yes", "--local", file], { cwd: folder })).toMatchObject({
        exitCode: 0,
      });
    await withServe(started({ accounts: {} }), async (berth) => {
      expect(await untilLogged(berth, "msg=listening")).not.toContain(warned);
    });
  });

  test("does not keep accounts out that were made here, of which each start tells how many", async () => {
    const { folder, address, config } = makePlace();
    const htpasswd = { realm: "Registry", path: join(folder, "htpasswd") };
    const file = writeConfig(folder, { ...config, auth: { htpasswd } });
    const isReady = () => isAnswering(`http://${address}/v2/`);
    const warned = "may sign in beside the users of the password file";
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      expect(await untilLogged(berth, "msg=listening")).not.toContain(warned);
    });
    for (const command of [
      "user create ann --generate",
      "namespace set-visibility team private",
      "robot create team ci",
    ])
      expect(await runBerth([...command.split(" "), "--yes", "--local", file], { cwd: folder })).toMatchObject({
        exitCode: 0,
      });
    await withServe(startServe({ args: [file], isReady }), async (berth) => {
      const log = await untilLogged(berth, "msg=listening");
      expect(log).toMatch(new RegExp(`level=warning .*${warned}.* accounts=2`));
      expect(log).toMatch(/msg=listening .*rootdirectory=\S+ auth=htpasswd/);
    });
  });

  async function untilLogged(berth: ServeProcess, text: string): Promise<string> {
    for (;;) {
      const log = await berth.stderr();
      if (log.includes(text)) return log;
      await Bun.sleep(10);
    }
  }

  async function status(address: string, user: string, password: string): Promise<number> {
    const headers = { authorization: `Basic ${btoa(`${user}:${password}`)}` };
    return (await fetch(`http://${address}/v2/`, { headers })).status;
  }
});

describe("a second process on the same folder", () => {
  test("is refused, and may start once the first has gone", async () => {
    const dataDirectory = makeTemporaryFolder("second-process");
    const first = await startBerth({ dataDirectory });
    const here = new HttpClient(first.url);
    await pushImage(here, "app", "one");
    const second = await startBerth({ dataDirectory }).catch((error: unknown) => error);
    expect(String(second)).toContain("another Berth serves");
    await pushImage(here, "app", "two");
    await first.stop();
    const third = await startBerth({ dataDirectory });
    const tags = (await new HttpClient(third.url).get("/v2/app/tags/list")).json();
    expect(tags).toEqual({ name: "app", tags: ["one", "two"] });
    await third.stop();
    removeTemporaryFolder(dataDirectory);
  });
});
