import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { randomChunks } from "../support/layer.ts";
import { sha256 } from "../support/registry-client.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireLaterClient } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectServed } from "./support/expect-served.ts";
import { layeredImage, ociIndex } from "./support/images.ts";
import { isControl, login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);
const { path, describe: describeOras } = requireLaterClient("oras");

type Flags = () => readonly string[];

interface Discovered {
  readonly digest: string;
  readonly artifactType: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly referrers?: readonly Discovered[];
}

/** With the API demanded, oras fails on a registry that only knows the fallback tag. */
const referrersModes = isControl ? ["v1.1-referrers-tag"] : ["v1.1-referrers-tag", "v1.1-referrers-api"];

function itMovesArtifacts(under: RegistryUnderTest, flags: Flags): void {
  const folder = makeTemporaryFolder("oras");
  const oras = (command: string, ...words: readonly string[]) =>
    mustRun(argv`${path} ${command.split(" ")} ${flags()} ${words}`, { cwd: folder });

  test("pushes and pulls files under several tags", async () => {
    const bytes = Buffer.concat([...randomChunks("oras-file", 5_000_000)]);
    await Bun.write(join(folder, "data.bin"), bytes);
    await Bun.write(join(folder, "notes.txt"), "plain words\n");
    const files = ["data.bin:application/x-data", "notes.txt:text/plain"];
    await oras("push", "--artifact-type", "application/x-test", `${under.host}/oras/files:a,b`, ...files);
    expect([...(await under.client.listTags("oras/files"))].sort()).toEqual(["a", "b"]);
    expect(await under.client.measureBlob("oras/files", sha256(bytes))).toEqual({
      digest: sha256(bytes),
      sizeBytes: bytes.byteLength,
    });
    const pulled = makeTemporaryFolder("oras-pulled");
    await oras("pull", "--output", pulled, `${under.host}/oras/files:b`);
    expect(sha256(await Bun.file(join(pulled, "data.bin")).bytes())).toBe(sha256(bytes));
    expect(await Bun.file(join(pulled, "notes.txt")).text()).toBe("plain words\n");
  });

  test.each(referrersModes)("attaches, discovers and copies referrers by %s", async (mode) => {
    const image = await layeredImage();
    const repository = `oras/${mode}`;
    await under.client.pushImage(repository, "1", image);
    await Bun.write(join(folder, "sbom.json"), `{"for":"${mode}"}`);
    const attach = (type: string, note: string) =>
      oras(
        "attach",
        ...argv`--distribution-spec ${mode} --artifact-type ${type} --annotation note=${note}`,
        `${under.host}/${repository}:1`,
        "sbom.json:application/json",
      );
    await attach("application/x-sbom", "one");
    await attach("application/x-signature", "two");

    const discover = async (...more: readonly string[]) => {
      const words = argv`--distribution-spec ${mode} --format json ${more} ${under.host}/${repository}:1`;
      return JSON.parse((await oras("discover", ...words)).stdout) as Discovered;
    };
    const all = await discover();
    expect(all.digest).toBe(image.top.digest);
    expect(all.referrers?.map(({ artifactType }) => artifactType).sort()).toEqual([
      "application/x-sbom",
      "application/x-signature",
    ]);
    const { referrers: filtered = [] } = await discover("--artifact-type", "application/x-sbom");
    expect(filtered).toHaveLength(1);
    expect(filtered[0]?.annotations).toMatchObject({ note: "one" });

    const tags = await under.client.listTags(repository);
    expect(tags.includes(image.top.digest.replace(":", "-"))).toBe(mode === "v1.1-referrers-tag");
  });

  test.skipIf(isControl)("serves by the API what was attached by the fallback tag", async () => {
    const image = await layeredImage();
    await under.client.pushImage("oras/mixed", "1", image);
    const attach = argv`--distribution-spec v1.1-referrers-tag --artifact-type application/x-old --annotation a=b`;
    await oras("attach", ...attach, `${under.host}/oras/mixed:1`);
    const words = argv`--distribution-spec v1.1-referrers-api --format json ${under.host}/oras/mixed:1`;
    const { referrers = [] } = JSON.parse((await oras("discover", ...words)).stdout) as Discovered;
    expect(referrers.map(({ artifactType }) => artifactType)).toEqual(["application/x-old"]);
  });

  test("copies an index with what refers to it to another repository", async () => {
    const index = await ociIndex();
    await under.client.pushImage("oras/index", "1", index);
    const attach = argv`--artifact-type application/x-note --annotation k=v`;
    await oras("attach", ...attach, `${under.host}/oras/index:1`);
    const flagsOfCopy = flags().flatMap((flag) => (flag.startsWith("--") ? [`--from-${flag.slice(2)}`] : [flag]));
    const ends = argv`${under.host}/oras/index:1 ${under.host}/oras/copied:2`;
    const toFlags = flags().flatMap((flag) => (flag.startsWith("--") ? [`--to-${flag.slice(2)}`] : [flag]));
    await mustRun(argv`${path} cp --recursive ${flagsOfCopy} ${toFlags} ${ends}`, { cwd: folder });
    await expectServed(under.client, "oras/copied", "2", index);
    const found = await oras("discover", "--format", "json", `${under.host}/oras/copied:2`);
    expect((JSON.parse(found.stdout) as Discovered).referrers?.[0]?.artifactType).toBe("application/x-note");
  });

  test("pushes, fetches and deletes single blobs and manifests", async () => {
    const bytes = Buffer.concat([...randomChunks("oras-blob", 1_000_000)]);
    const digest = sha256(bytes);
    await Bun.write(join(folder, "blob"), bytes);
    await oras("blob push", `${under.host}/oras/raw@${digest}`, "blob");
    await oras("blob fetch", "--output", "fetched", `${under.host}/oras/raw@${digest}`);
    expect(sha256(await Bun.file(join(folder, "fetched")).bytes())).toBe(digest);
    await oras("push", "--artifact-type", "application/x-raw", `${under.host}/oras/raw:1`, "blob:application/x-blob");
    const manifest = await under.client.getManifest("oras/raw", "1");
    const fetched = await oras("manifest fetch", `${under.host}/oras/raw:1`);
    expect(fetched.stdout).toBe(new TextDecoder().decode(manifest.bytes));
    await oras("manifest delete", "--force", `${under.host}/oras/raw@${manifest.digest}`);
    const gone = await under.client.request("HEAD", `/v2/oras/raw/manifests/${manifest.digest}`);
    expect(gone.status).toBe(404);
  });

  test("lists repositories and tags", async () => {
    const image = await layeredImage();
    await under.client.pushImage("oras/listed", "t1", image);
    await oras("tag", `${under.host}/oras/listed:t1`, "t2");
    expect((await oras("repo tags", `${under.host}/oras/listed`)).stdout.trim().split("\n").sort()).toEqual([
      "t1",
      "t2",
    ]);
    expect((await oras("repo ls", under.host)).stdout.split("\n")).toContain("oras/listed");
  });
}

describeOras("oras over HTTP", () => {
  itMovesArtifacts(useRegistry(), () => ["--plain-http"]);
});

describeOras("oras over TLS with a login", () => {
  const under = useRegistry({ tls: true, withLogin: true });
  const config = join(makeTemporaryFolder("oras-login"), "config.json");
  const flags = () => argv`--registry-config ${config} --ca-file ${under.registry.certificates?.authority ?? ""}`;
  const logIn = (password: string) =>
    runProgram(argv`${path} login ${flags()} --username ${login.user} --password-stdin ${under.host}`, {
      input: password,
    });

  test("refuses a wrong password, and accepts the right one", async () => {
    const refused = await logIn(wrongPassword);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/401|unauthorized/i);
    expect((await logIn(login.password)).output).toContain("Login Succeeded");
  });

  describe("once logged in", () => {
    itMovesArtifacts(under, flags);
  });
});
