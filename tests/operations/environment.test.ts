import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { makeCertificates } from "../support/certificates.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushImage } from "../support/push-content.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { imageOfRegistry2 } from "../unit/config/registry-two-files.ts";
import { isAnswering, runBerth, type ServeProcess, startServe } from "../support/berth-command.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

type Variables = Readonly<Record<string, string>>;

const running: ServeProcess[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Stock {
  readonly http: HttpClient;
  readonly berth: ServeProcess;
  readonly dataDirectory: string;
}

interface Asking extends BunFetchRequestInit {
  /** Default: `http`. */
  readonly scheme?: "https";
  /** Default: `127.0.0.1`. */
  readonly listensOn?: string;
}

/** As `docker run -e …` starts the image of registry:2: with the file in it, and variables. */
async function startStock(variables: Variables = {}, asking: Asking = {}): Promise<Stock> {
  const { scheme = "http", listensOn = "127.0.0.1", ...init } = asking;
  const [file, dataDirectory] = writeStock();
  const port = takeFreePort();
  const folder = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: dataDirectory };
  const env = {
    REGISTRY_HTTP_ADDR: `${listensOn}:${port}`,
    // Naming the folder would select a second driver.
    ...("REGISTRY_STORAGE" in variables ? {} : folder),
    ...variables,
  };
  const url = `${scheme}://127.0.0.1:${port}`;
  const berth = await startServe({ args: [file], env, isReady: () => isAnswering(`${url}/livez`, init) });
  running.push(berth);
  return { http: new HttpClient(url), berth, dataDirectory };
}

/** The variables must be refused: with the exit code that keeps a supervisor from trying again. */
async function refuseStock(variables: Variables): Promise<string> {
  const [file, dataDirectory] = writeStock();
  const env = { REGISTRY_HTTP_ADDR: "127.0.0.1:0", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: dataDirectory };
  const refused = await runBerth(["serve", file], { env: { ...env, ...variables } });
  expect(refused.exitCode).toBe(78);
  return refused.stderr;
}

function writeStock(): [file: string, dataDirectory: string] {
  const folder = makeTemporaryFolder("stock");
  const file = join(folder, "config.yml");
  writeFileSync(file, imageOfRegistry2);
  return [file, join(folder, "data")];
}

async function writeHtpasswd(user: string, password: string): Promise<string> {
  const file = join(makeTemporaryFolder("auth"), "htpasswd");
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 5 });
  writeFileSync(file, `${user}:${hash}\n`);
  return file;
}

async function uploadLocation(http: HttpClient): Promise<string | null> {
  const answer = await http.post("/v2/app/blobs/uploads/");
  expect(answer.status).toBe(202);
  return answer.headers.get("location");
}

describe("registry:2's stock file", () => {
  test("serves push and pull, and what it says that is not needed is a warning", async () => {
    const { http, berth, dataDirectory } = await startStock();
    const { manifest } = await pushImage(http, "library/busybox", "latest");
    const pulled = await http.get("/v2/library/busybox/manifests/latest");
    expect(pulled.headers.get("docker-content-digest")).toBe(manifest.digest);
    expect(pulled.headers.get("x-content-type-options")).toBe("nosniff");
    expect(existsSync(join(dataDirectory, "docker/registry/v2/blobs/sha256"))).toBe(true);
    await berth.stop();
    const log = await berth.stderr();
    expect(log).toMatch(/^warning: storage\.cache /m);
    expect(log).toMatch(/level=info .*service=registry/);
  });

  test("as it is, for every address and without login, is taken", async () => {
    const { exitCode, stdout } = await runBerth(["check-config", "--print", writeStock()[0]]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("accounts:");
  });
});

describe("the login", () => {
  test("REGISTRY_AUTH=htpasswd with realm and path, in a Kubernetes pod of a service called registry", async () => {
    const { http, berth } = await startStock({
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: "Registry Realm",
      REGISTRY_AUTH_HTPASSWD_PATH: await writeHtpasswd("alice", "wonderland"),
      REGISTRY_HTTP_SECRET: "0123456789abcdef",
      REGISTRY_PORT: "tcp://10.96.0.17:5000",
      REGISTRY_PORT_5000_TCP_ADDR: "10.96.0.17",
      REGISTRY_SERVICE_HOST: "10.96.0.17",
    });
    const refused = await http.get("/v2/");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe('Basic realm="Registry Realm"');
    await pushImage(new HttpClient(http.url, { authorization: `Basic ${btoa("alice:wonderland")}` }), "app", "1");
    expect(await berth.stderr()).not.toMatch(/REGISTRY_(?:PORT|SERVICE)/);
  });

  test("REGISTRY_AUTH_HTPASSWD_* alone are enough, and open every address", async () => {
    const variables = {
      REGISTRY_AUTH_HTPASSWD_REALM: "basic-realm",
      REGISTRY_AUTH_HTPASSWD_PATH: await writeHtpasswd("alice", "wonderland"),
    };
    const { http } = await startStock(variables, { listensOn: "" });
    const { port } = new URL(http.url);
    expect((await fetch(`http://[::1]:${port}/v2/`)).status).toBe(401);
    expect((await http.get("/v2/")).status).toBe(401);
  });
});

describe("storage", () => {
  test("REGISTRY_STORAGE_DELETE_ENABLED=true lets clients delete", async () => {
    const { http } = await startStock({ REGISTRY_STORAGE_DELETE_ENABLED: "true" });
    const { manifest } = await pushImage(http, "app", "1");
    expect((await http.delete(`/v2/app/manifests/${manifest.digest}`)).status).toBe(202);
    expect((await http.get("/v2/app/manifests/1")).status).toBe(404);
  });

  test("without it they get 405", async () => {
    const { http } = await startStock();
    const { manifest } = await pushImage(http, "app", "1");
    expect((await http.delete(`/v2/app/manifests/${manifest.digest}`)).status).toBe(405);
    expect((await http.get("/v2/app/manifests/1")).status).toBe(200);
  });

  test("REGISTRY_STORAGE_MAINTENANCE_READONLY as a group in JSON refuses writes and serves the rest", async () => {
    const { http } = await startStock({ REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}' });
    expect((await http.post("/v2/app/blobs/uploads/")).status).toBe(405);
    expect((await http.get("/v2/")).status).toBe(200);
  });

  test("REGISTRY_STORAGE=inmemory clears the file's driver", async () => {
    const { http, dataDirectory } = await startStock({ REGISTRY_STORAGE: "inmemory" });
    const { layer } = await pushImage(http, "app", "1");
    expect((await http.get(`/v2/app/blobs/${layer.digest}`)).bytes).toEqual(layer.bytes);
    expect(existsSync(dataDirectory)).toBe(false);
  });
});

describe("http", () => {
  test("Location names the host that the client asked, without any variable", async () => {
    const { http } = await startStock();
    expect(await uploadLocation(http)).toStartWith(`${http.url}/v2/app/blobs/uploads/`);
  });

  test("REGISTRY_HTTP_RELATIVEURLS=true leaves it away", async () => {
    const { http } = await startStock({ REGISTRY_HTTP_RELATIVEURLS: "true" });
    expect(await uploadLocation(http)).toStartWith("/v2/app/blobs/uploads/");
  });

  test("REGISTRY_HTTP_HOST puts another in its place", async () => {
    const { http } = await startStock({ REGISTRY_HTTP_HOST: "https://registry.example:8443" });
    expect(await uploadLocation(http)).toStartWith("https://registry.example:8443/v2/app/blobs/uploads/");
  });

  test("REGISTRY_HTTP_PREFIX puts a path before it", async () => {
    const { http } = await startStock({ REGISTRY_HTTP_PREFIX: "/registry/" });
    expect((await http.get("/v2/")).status).toBe(404);
    const answer = await http.post("/registry/v2/app/blobs/uploads/");
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toStartWith(`${http.url}/registry/v2/app/blobs/uploads/`);
  });

  test("REGISTRY_HTTP_HEADERS in YAML adds to every answer", async () => {
    const { http } = await startStock({ REGISTRY_HTTP_HEADERS: "{X-Robots-Tag: [noindex, nofollow]}" });
    expect((await http.get("/v2/")).headers.get("x-robots-tag")).toBe("noindex, nofollow");
    expect((await http.get("/v2/absent/manifests/1")).headers.get("x-robots-tag")).toBe("noindex, nofollow");
  });

  test("REGISTRY_HTTP_TLS_CERTIFICATE and _KEY make it HTTPS", async () => {
    const { authority, certificate, key } = await makeCertificates();
    const tls = { ca: await Bun.file(authority).text() };
    const variables = { REGISTRY_HTTP_TLS_CERTIFICATE: certificate, REGISTRY_HTTP_TLS_KEY: key };
    const { http } = await startStock(variables, { scheme: "https", tls });
    const answer = await fetch(`${http.url}/v2/app/blobs/uploads/`, { method: "POST", tls });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toStartWith(`${http.url}/v2/`);
  });

  test("REGISTRY_HTTP_DEBUG_ADDR and _PROMETHEUS_ENABLED serve health and metrics apart", async () => {
    const debugUrl = `http://127.0.0.1:${takeFreePort()}`;
    const { http } = await startStock({
      REGISTRY_HTTP_DEBUG_ADDR: debugUrl.slice("http://".length),
      REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: "true",
    });
    const debug = new HttpClient(debugUrl);
    expect((await debug.get("/debug/health")).text).toBe("{}");
    expect((await debug.get("/metrics")).text).toContain("registry_http_requests_total");
    expect((await http.get("/metrics")).status).toBe(404);
    expect((await debug.get("/v2/")).status).toBe(404);
  });

  test("REGISTRY_HTTP_DEBUG_PROMETHEUS_PATH moves them, and without _ENABLED there are none", async () => {
    const debugUrl = `http://127.0.0.1:${takeFreePort()}`;
    await startStock({
      REGISTRY_HTTP_DEBUG_ADDR: debugUrl.slice("http://".length),
      REGISTRY_HTTP_DEBUG_PROMETHEUS_PATH: "/figures",
    });
    const debug = new HttpClient(debugUrl);
    expect((await debug.get("/debug/health")).status).toBe(200);
    expect((await debug.get("/figures")).status).toBe(404);
    expect((await debug.get("/metrics")).status).toBe(404);
  });
});

describe("the log", () => {
  test("REGISTRY_LOG_LEVEL=error is silent about requests, _ACCESSLOG_DISABLED=true about all on standard output", async () => {
    const { http, berth } = await startStock({
      REGISTRY_LOG_LEVEL: "error",
      REGISTRY_LOG_ACCESSLOG_DISABLED: "true",
    });
    expect((await http.get("/v2/nobody/manifests/1")).status).toBe(404);
    await berth.stop();
    expect(await berth.stdout()).toBe("");
    expect(await berth.stderr()).not.toMatch(/^time=/m);
  });

  test("REGISTRY_LOG_FORMATTER and _FIELDS shape its lines, REGISTRY_LOGLEVEL is the level's old name", async () => {
    const { berth } = await startStock({
      REGISTRY_LOG_FORMATTER: "json",
      REGISTRY_LOG_FIELDS_ENVIRONMENT: "test",
      REGISTRY_LOGLEVEL: "info",
    });
    await berth.stop();
    const line = (await berth.stderr()).split("\n").find((text) => text.includes('"msg":"listening"'));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ level: "info", service: "registry", environment: "test" });
  });
});

describe("limits and checks", () => {
  test("REGISTRY_CATALOG_MAXENTRIES bounds a page", async () => {
    const { http } = await startStock({ REGISTRY_CATALOG_MAXENTRIES: "1" });
    await pushImage(http, "one", "1");
    await pushImage(http, "two", "1");
    expect((await http.get("/v2/_catalog?n=5")).json()).toEqual({ repositories: ["one"] });
  });

  test("REGISTRY_HEALTH_FILECHECKERS_0_FILE closes it while the file exists", async () => {
    const file = join(makeTemporaryFolder("health"), "down");
    const { http } = await startStock({
      REGISTRY_HEALTH_FILECHECKERS_0_FILE: file,
      REGISTRY_HEALTH_FILECHECKERS_0_INTERVAL: "50ms",
    });
    expect((await http.get("/v2/")).status).toBe(200);
    writeFileSync(file, "");
    await until("it is closed", async () => (await http.get("/v2/")).status === 503);
  });
});

describe("what cannot be done is refused, with the variable's name", () => {
  test.each<[Variables, string]>([
    [{ REGISTRY_PROXY_REMOTEURL: "https://registry-1.docker.io" }, "proxy"],
    [{ REGISTRY_STORAGE: "s3", REGISTRY_STORAGE_S3_BUCKET: "b" }, "storage.s3"],
    [{ REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: "https://sink.example/" }, "notifications.endpoints"],
    [{ REGISTRY_AUTH: "token", REGISTRY_AUTH_TOKEN_REALM: "https://auth.example/" }, "auth.token"],
    [{ REGISTRY_HTTP_ADDR: "localhost" }, "http.addr"],
    [{ REGISTRY_STORAGE_DELETE_ENABLED: "perhaps" }, "storage.delete.enabled"],
    [{ REGISTRY_HEALTH_FILECHECKERS_3_FILE: "/x" }, "REGISTRY_HEALTH_FILECHECKERS_3_FILE"],
  ])("%j", async (variables, key) => {
    const told = await refuseStock(variables);
    expect(told).toMatch(new RegExp(`^error: ${key.replaceAll(".", "\\.")}\\b`, "m"));
    const names = Object.keys(variables);
    expect(names.some((name) => told.includes(name))).toBe(true);
  });

  test("a certificate without its key", async () => {
    const told = await refuseStock({ REGISTRY_HTTP_TLS_CERTIFICATE: "/certs/only.crt" });
    expect(told).toMatch(/^error: http\.tls\.key .*certificate/m);
  });

  test("a misspelt variable is only a warning, with what was meant", async () => {
    const { berth } = await startStock({ REGISTRY_STORAGE_DELETE_ENABELD: "true" });
    expect(await berth.stderr()).toMatch(
      /^warning: REGISTRY_STORAGE_DELETE_ENABELD.*REGISTRY_STORAGE_DELETE_ENABLED\?/m,
    );
  });
});
