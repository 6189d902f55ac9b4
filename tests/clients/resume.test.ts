import { expect, setDefaultTimeout, test } from "bun:test";

import { argv } from "../support/argv.ts";
import type { Image, StoredBlob } from "../support/image.ts";
import { type RegistryClient, uploadLocation } from "../support/registry-client.ts";
import { mustRun } from "../support/run-program.ts";
import { requireProgram } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectPulled, expectServed } from "./support/expect-served.ts";
import { largeImage } from "./support/images.ts";
import { isControl, login, type RegistryUnderTest, useRegistry } from "./support/registry-under-test.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(120_000);
const curl = requireProgram("curl");
const skopeo = requireProgram("skopeo");

const repository = "resumed/image";

/** Where an upload stands, as the registry tells it. */
interface UploadStatus {
  readonly location: URL;
  /** How much of the blob is there: the end of `Range`, which is inclusive, and one more. */
  readonly offsetBytes: number;
}

async function readStatus(client: RegistryClient, location: URL): Promise<UploadStatus> {
  const answer = await client.mustRequest("GET", location.href);
  expect(answer.status).toBe(204);
  const [, last = ""] = /^0-(\d+)$/.exec(answer.headers.get("range") ?? "") ?? [];
  expect(last).not.toBe("");
  return { location: uploadLocation(answer), offsetBytes: last === "0" ? 0 : Number(last) + 1 };
}

/** The registry notices a dead client in its own time: waits until it has something, and that stays as it is. */
async function waitForOffset(client: RegistryClient, location: URL): Promise<UploadStatus> {
  let status = await readStatus(client, location);
  for (let before = -1; status.offsetBytes === 0 || status.offsetBytes !== before;) {
    before = status.offsetBytes;
    await Bun.sleep(300);
    status = await readStatus(client, status.location);
  }
  return status;
}

async function startUpload(client: RegistryClient): Promise<URL> {
  return uploadLocation(await client.mustRequest("POST", `/v2/${repository}/blobs/uploads/`));
}

/** Streams the first part of a file as curl's body, and kills curl while it waits for more. */
async function sendAndDie(
  under: RegistryUnderTest,
  location: URL,
  blob: StoredBlob,
  lengthBytes: number,
): Promise<void> {
  const { certificates } = under.registry;
  const trust = certificates === undefined ? [] : argv`--cacert ${certificates.authority}`;
  const sender = Bun.spawn(
    argv`${curl.path} --silent --request PATCH --upload-file - --header ${"Transfer-Encoding: chunked"}
      --header ${"Content-Type: application/octet-stream"} ${trust}
      --user ${login.user}:${login.password} ${location.href}`,
    { stdin: "pipe", stdout: "ignore", stderr: "ignore" },
  );
  for await (const chunk of Bun.file(blob.file).slice(0, lengthBytes).stream()) {
    void sender.stdin.write(chunk);
    await sender.stdin.flush();
  }
  await waitUntilSent(sender.pid, lengthBytes);
  sender.kill("SIGKILL");
  await sender.exited;
  expect(sender.signalCode).toBe("SIGKILL");
}

/** Until curl has read nearly all of what it was given, thus has sent most of it. */
async function waitUntilSent(pid: number, lengthBytes: number): Promise<void> {
  await until("curl has read it", async () => {
    const counters = await Bun.file(`/proc/${pid}/io`).text();
    return Number(/^rchar: (\d+)$/m.exec(counters)?.[1] ?? 0) >= lengthBytes;
  });
}

function largestBlob(image: Image): StoredBlob {
  return image.blobs.reduce((largest, blob) => (blob.sizeBytes > largest.sizeBytes ? blob : largest));
}

/** Pushes what is left of an image: its large layer is there by now. */
async function finishImage(client: RegistryClient, image: Image): Promise<void> {
  const large = largestBlob(image);
  for (const blob of image.blobs) {
    if (blob.digest !== large.digest) await client.pushBlob(repository, Bun.file(blob.file), blob.digest);
  }
  await client.pushManifest(repository, "1", image.top);
}

/** Distribution 2.8 forgets where a broken upload stood, and appends a chunk whatever its offset. */
function itResumes(under: RegistryUnderTest, skopeoFlags: () => readonly string[]): void {
  test.skipIf(isControl)(
    "an upload whose client was killed goes on where it stood, and is pulled byte for byte",
    async () => {
      const { client } = under;
      const image = await largeImage();
      const large = largestBlob(image);
      const location = await startUpload(client);
      await sendAndDie(under, location, large, 80_000_000);

      let status = await waitForOffset(client, location);
      expect(status.offsetBytes).toBeGreaterThan(0);
      expect(status.offsetBytes).toBeLessThanOrEqual(80_000_000);

      // Two chunks, so that the offset is told a second time.
      for (const endBytes of [status.offsetBytes + 30_000_000, large.sizeBytes]) {
        const from = status.offsetBytes;
        const headers = {
          "content-type": "application/octet-stream",
          "content-range": `${from}-${endBytes - 1}`,
        };
        const body = Bun.file(large.file).slice(from, endBytes);
        const sent = await client.mustRequest("PATCH", status.location.href, { body, headers });
        expect(sent.status).toBe(202);
        expect(sent.headers.get("range")).toBe(`0-${endBytes - 1}`);
        status = await readStatus(client, uploadLocation(sent));
        expect(status.offsetBytes).toBe(endBytes);
      }
      status.location.searchParams.set("digest", large.digest);
      const finished = await client.mustRequest("PUT", status.location.href);
      expect(finished.status).toBe(201);
      expect(finished.headers.get("docker-content-digest")).toBe(large.digest);

      await finishImage(client, image);
      await expectServed(client, repository, "1", image);
      const folder = makeTemporaryFolder("resumed");
      const source = `docker://${under.host}/${repository}@${image.top.digest}`;
      await mustRun(argv`${skopeo.path} copy --quiet ${skopeoFlags()} ${source} dir:${folder}`);
      await expectPulled(folder, image);
    },
  );

  test.skipIf(isControl)("a chunk at the wrong offset is refused, and does not spoil the upload", async () => {
    const { client } = under;
    const bytes = new TextEncoder().encode("0123456789");
    const location = await startUpload(client);
    const headers = (range: string) => ({ "content-type": "application/octet-stream", "content-range": range });
    const first = await client.mustRequest("PATCH", location.href, {
      body: bytes.slice(0, 4),
      headers: headers("0-3"),
    });
    const wrong = await client.request("PATCH", uploadLocation(first).href, {
      body: bytes.slice(6),
      headers: headers("6-9"),
    });
    expect(wrong.status).toBe(416);
    const status = await readStatus(client, uploadLocation(first));
    expect(status.offsetBytes).toBe(4);
    status.location.searchParams.set("digest", `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`);
    const finished = await client.mustRequest("PUT", status.location.href, {
      body: bytes.slice(4),
      headers: headers("4-9"),
    });
    expect(finished.status).toBe(201);
  });
}

curl.describe("with curl", () => {
  skopeo.describe("and skopeo, over HTTP", () => {
    itResumes(useRegistry(), () => ["--src-tls-verify=false"]);
  });

  skopeo.describe("and skopeo, over TLS with a login", () => {
    const under = useRegistry({ tls: true, withLogin: true });
    itResumes(
      under,
      () => argv`--src-creds ${login.user}:${login.password}
        --src-cert-dir ${under.registry.certificates?.authorityFolder ?? ""}`,
    );
  });
});
