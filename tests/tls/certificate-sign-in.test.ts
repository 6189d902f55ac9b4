import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { listActs } from "../../src/metadata/index.ts";
import { type AccessRows, openAccessRows } from "../support/access-rows.ts";
import { argv } from "../support/argv.ts";
import { startBerth } from "../support/berth.ts";
import { startDaemon } from "../support/daemon.ts";
import { takeFreePort } from "../support/free-port.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { largeImage, layeredImage } from "../clients/support/images.ts";
import { type IssuedFiles, TestAuthority } from "./test-authority.ts";

setDefaultTimeout(120_000);
const skopeo = requireProgram("skopeo");
const nginx = requireProgram("nginx", "nginx-light");

const RULES = [
  { match: { subject: "CN=*,O=Acme", san: "email:*@acme.com" }, from: "san" },
  { match: { san: "spiffe://acme/ci/*" }, account: "team+ci" },
];

let authority: TestAuthority;
let clients: TestAuthority;
let server: IssuedFiles;
let anna: IssuedFiles;
let carol: IssuedFiles;
let ci: IssuedFiles;
let other: IssuedFiles;
let mallory: IssuedFiles;
beforeAll(async () => {
  authority = await TestAuthority.make("Server authority");
  clients = await TestAuthority.make("Client authority");
  const strangers = await TestAuthority.make("Somebody else's authority");
  const person = (name: string) => ({
    subject: `/O=Acme/CN=${name}`,
    extensions: `subjectAltName=email:${name}@acme.com,DNS:admin@acme.com`,
  });
  [server, anna, carol, ci, other, mallory] = [
    await authority.issue("localhost"),
    await clients.issue("anna", person("anna")),
    await clients.issue("carol", person("carol")),
    await clients.issue("ci", { extensions: "subjectAltName=URI:spiffe://acme/ci/build-7" }),
    await clients.issue("other"),
    await strangers.issue("mallory", person("anna")),
  ];
});

interface World {
  readonly registry: RunningRegistry;
  readonly rows: AccessRows;
  /** Where clients ask. */
  readonly url: string;
}

async function fill(registry: RunningRegistry): Promise<AccessRows> {
  const rows = await openAccessRows(registry);
  await rows.user("anna", "the secret of anna");
  await rows.user("bob", "the secret of bob");
  await rows.robot("team", "ci");
  await rows.role("team", "user:anna", "writer");
  await rows.role("team", "robot:team+ci", "writer");
  await rows.visibility("open", "public");
  return rows;
}

/** Status that curl gets, and 0 where it is not even connected. */
async function statusOf({ url }: World, files?: IssuedFiles, more: readonly string[] = []): Promise<number> {
  const identity = files ? argv`--cert ${files.certificate} --key ${files.key}` : [];
  const { stdout } = await runProgram(argv`curl --silent --output /dev/null --write-out ${"%{http_code}"}
    --cacert ${authority.certificate} ${identity} ${more} ${`${url}/v2/`}`);
  return Number(stdout);
}

/** A folder as `--cert-dir` and `certs.d` want it. */
function certificateFolder(files: IssuedFiles): string {
  const folder = makeTemporaryFolder("certs");
  copyFileSync(authority.certificate, join(folder, "ca.crt"));
  copyFileSync(files.certificate, join(folder, "client.cert"));
  copyFileSync(files.key, join(folder, "client.key"));
  return folder;
}

async function signInsIn({ rows }: World): Promise<readonly string[]> {
  const acts = await listActs(rows.metadata.reads, { act: "sign-in", limit: 100 });
  return acts.map(({ target, outcome, detail }) => `${target} ${outcome} by ${methodOf(detail)}`);
}

function methodOf(detail: string | null): string {
  return (JSON.parse(detail ?? "{}") as { method?: string }).method ?? "nothing";
}

function itKnowsCertificates(world: () => World): void {
  test("is let in as whom its certificate stands for", async () => {
    expect(await statusOf(world(), anna)).toBe(200);
    expect(await statusOf(world(), ci)).toBe(200);
    expect(await signInsIn(world())).toEqual(
      expect.arrayContaining(["anna success by certificate", "team+ci success by certificate"]),
    );
  });

  test("is asked to sign in without one, or with one that says nothing", async () => {
    expect(await statusOf(world())).toBe(401);
    expect(await statusOf(world(), other)).toBe(401);
  });

  test("is refused where there is no such account, and does not get one", async () => {
    expect(await statusOf(world(), carol)).toBe(401);
    expect(await signInsIn(world())).toContain("carol failure by certificate");
    await until("the log says it", () => world().registry.logs().includes('err.code="login failed"'));
  });

  test("is somebody else by password, right or wrong", async () => {
    expect(await statusOf(world(), anna, ["--user", "bob:the secret of bob"])).toBe(200);
    expect(await statusOf(world(), anna, ["--user", "bob:a guess"])).toBe(401);
  });

  test("is out at once when its account is disabled", async () => {
    await world().rows.user("dora", "the secret of dora");
    const dora = await clients.issue("dora", {
      subject: "/O=Acme/CN=dora",
      extensions: "subjectAltName=email:dora@acme.com",
    });
    expect(await statusOf(world(), dora)).toBe(200);
    await world().rows.disable("dora");
    await Bun.sleep(30);
    expect(await statusOf(world(), dora)).toBe(401);
  });
}

function itMovesImages(world: () => World): void {
  skopeo.describe("with skopeo", () => {
    const copy = (files: IssuedFiles, from: string, to: string) => {
      const folder = certificateFolder(files);
      const side = from.startsWith("docker:") ? "src" : "dest";
      return runProgram(argv`${skopeo.path} copy --quiet --all --${side}-cert-dir ${folder} ${from} ${to}`);
    };
    const at = (name: string) => `docker://${new URL(world().url).host}/${name}`;

    test.each(["a person", "a robot"])("%s pushes and pulls without a login, where it may", async (who) => {
      const files = who === "a robot" ? ci : anna;
      const name = who === "a robot" ? "robot" : "person";
      for (const image of [await layeredImage(), await largeImage()]) {
        expect(await copy(files, image.source, at(`team/${name}:1`))).toMatchObject({ exitCode: 0 });
        const folder = makeTemporaryFolder("pulled");
        expect(await copy(files, at(`team/${name}:1`), `dir:${folder}`)).toMatchObject({ exitCode: 0 });
        expect(existsSync(join(folder, "manifest.json"))).toBe(true);
      }
      const refused = await copy(files, (await layeredImage()).source, at(`other/${name}:1`));
      expect(refused.exitCode).not.toBe(0);
      expect(refused.output).toMatch(/denied/i);
    });
  });
}

describe.each([1, 2])("a client of a registry that ends TLS, with %d processes,", (processes) => {
  let world: World;
  beforeAll(async () => {
    const tls = { clientcas: [clients.certificate], clientauth: "verify-client-cert-if-given" };
    const registry = await startBerth({
      tls: {
        authority: authority.certificate,
        certificate: server.certificate,
        key: server.key,
        authorityFolder: "",
      },
      config: { auth: { clientcertificates: { rules: RULES } }, http: { processes, tls } },
    });
    world = { registry, rows: await fill(registry), url: registry.url };
  });
  afterAll(async () => {
    await world.rows.close();
    await world.registry.stop();
  });

  itKnowsCertificates(() => world);
  itMovesImages(() => world);

  test("is refused with the certificate of a stranger before it can ask", async () =>
    expect(await statusOf(world, mallory)).toBe(0));

  test("cannot say by a header who it is", async () => {
    const header = `x-client-cert: ${encodeURIComponent(await Bun.file(anna.certificate).text())}`;
    expect(await statusOf(world, undefined, ["--header", header])).toBe(401);
  });
});

nginx.describe("a client of nginx, which ends TLS and passes certificates on,", () => {
  let world: World;
  let direct: string;
  let stopProxy: () => Promise<void>;
  beforeAll(async () => {
    const registry = await startBerth({
      config: {
        auth: { clientcertificates: { rules: RULES, header: "X-Client-Cert" } },
        http: { trustedproxies: ["127.0.0.2"] },
      },
    });
    direct = registry.url;
    const port = takeFreePort();
    const proxy = await startDaemon({
      argv: [nginx.path, "-p", nginxFolder(), "-c", await writeProxy(port, registry.host)],
      isReady: async () => (await fetch(`https://127.0.0.1:${port}/livez`, { tls: { rejectUnauthorized: false } })).ok,
    });
    stopProxy = () => proxy.stop();
    world = { registry, rows: await fill(registry), url: `https://127.0.0.1:${port}` };
  });
  afterAll(async () => {
    await stopProxy();
    await world.rows.close();
    await world.registry.stop();
  });

  itKnowsCertificates(() => world);
  itMovesImages(() => world);

  test("is refused by it with the certificate of a stranger", async () =>
    expect(await statusOf(world, mallory)).toBe(400));

  test("cannot say by a header who it is, past the proxy or through it", async () => {
    const header = `x-client-cert: ${encodeURIComponent(await Bun.file(anna.certificate).text())}`;
    expect(await statusOf({ ...world, url: direct }, undefined, ["--header", header])).toBe(401);
    expect(await statusOf(world, undefined, ["--header", header])).toBe(401);
    expect(await statusOf(world, carol, ["--header", header])).toBe(401);
  });

  function nginxFolder(): string {
    const folder = makeTemporaryFolder("nginx");
    mkdirSync(join(folder, "logs"), { recursive: true });
    return folder;
  }

  async function writeProxy(port: number, registry: string): Promise<string> {
    const folder = makeTemporaryFolder("proxy");
    await Bun.write(
      join(folder, "nginx.conf"),
      `daemon off; pid ${folder}/pid; error_log stderr; worker_processes 1;
       events {}
       http {
         access_log off; client_max_body_size 0;
         client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
         uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
         server {
           listen 127.0.0.1:${port} ssl;
           ssl_certificate ${server.certificate}; ssl_certificate_key ${server.key};
           ssl_client_certificate ${clients.certificate}; ssl_verify_client optional;
           location / {
             proxy_pass http://${registry};
             proxy_bind 127.0.0.2;
             proxy_request_buffering off; proxy_buffering off; proxy_http_version 1.1;
             proxy_set_header Host $http_host;
             proxy_set_header X-Forwarded-Proto $scheme;
             proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
           }
         }
       }`,
    );
    return join(folder, "nginx.conf");
  }
});

test("a registry takes its sockets away when it stops", async () => {
  const tls = { clientcas: [clients.certificate], clientauth: "verify-client-cert-if-given" };
  const files = { authority: authority.certificate, certificate: server.certificate, key: server.key };
  const dataDirectory = makeTemporaryFolder("data");
  const registry = await startBerth({
    dataDirectory,
    tls: { ...files, authorityFolder: "" },
    config: { auth: { clientcertificates: { rules: RULES } }, http: { tls } },
  });
  const folder = join(dataDirectory, "berth/connections");
  expect(existsSync(folder)).toBe(true);
  await mustRun(argv`curl --silent --cacert ${authority.certificate} ${registry.url}/livez`);
  await registry.stop();
  expect(existsSync(folder)).toBe(false);
});
