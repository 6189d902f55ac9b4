import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireProgram } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { expectGone, expectPulled, expectServed } from "./support/expect-served.ts";
import { dockerImage, dockerList, largeImage, layeredImage, ociIndex } from "./support/images.ts";
import { login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(120_000);
const skopeo = requireProgram("skopeo");

/** What skopeo must be told to speak with one registry; `side` is `src-`, `dest-` or nothing, as the command wants it. */
type Flags = (side: "src-" | "dest-" | "") => readonly string[];

const images = { layeredImage, dockerImage, ociIndex, dockerList };

function itCopies(under: RegistryUnderTest, flags: Flags): void {
  const push = (source: string, name: string) =>
    mustRun(argv`${skopeo.path} copy --quiet --all ${flags("dest-")} ${source} docker://${under.host}/${name}`);
  const pull = async (name: string) => {
    const folder = makeTemporaryFolder("pulled");
    await mustRun(
      argv`${skopeo.path} copy --quiet --all ${flags("src-")} docker://${under.host}/${name} dir:${folder}`,
    );
    return folder;
  };

  test.each(Object.entries(images))("pushes and pulls every byte of %s", async (name, make) => {
    const image = await make();
    const repository = `copy/${name.toLowerCase()}`;
    await push(image.source, `${repository}:1`);
    await expectServed(under.client, repository, "1", image);
    await expectPulled(await pull(`${repository}:1`), image);
  });

  test("pushes and pulls a layer of 200 MB", async () => {
    const image = await largeImage();
    await push(image.source, "large:1");
    await expectServed(under.client, "large", "1", image);
    await expectPulled(await pull("large:1"), image);
  });

  test("pulls by digest what the tag no longer names", async () => {
    const [old, new_] = [await layeredImage(), await dockerImage()];
    await push(old.source, "moved:latest");
    await push(new_.source, "moved:latest");
    await expectPulled(await pull(`moved@${old.top.digest}`), old);
    await expectPulled(await pull("moved:latest"), new_);
  });

  test("copies from one repository to another", async () => {
    const image = await ociIndex();
    await push(image.source, "from/here:1");
    const ends = argv`docker://${under.host}/from/here:1 docker://${under.host}/to/there:2`;
    await mustRun(argv`${skopeo.path} copy --quiet --all ${flags("src-")} ${flags("dest-")} ${ends}`);
    await expectServed(under.client, "to/there", "2", image);
  });

  test("lists tags and inspects", async () => {
    const image = await layeredImage();
    await under.client.pushImage("looked/at", "b", image);
    await under.client.pushImage("looked/at", "a", image);
    const listed = await mustRun(argv`${skopeo.path} list-tags ${flags("")} docker://${under.host}/looked/at`);
    expect(JSON.parse(listed.stdout)).toEqual({ Repository: `${under.host}/looked/at`, Tags: ["a", "b"] });
    const seen = await mustRun(argv`${skopeo.path} inspect ${flags("")} docker://${under.host}/looked/at:a`);
    expect(JSON.parse(seen.stdout)).toMatchObject({
      Digest: image.top.digest,
      RepoTags: ["a", "b"],
      Architecture: "amd64",
      Layers: image.blobs.slice(0, -1).map(({ digest }) => digest),
    });
    const raw = await mustRun(argv`${skopeo.path} inspect --raw ${flags("")} docker://${under.host}/looked/at:a`);
    expect(new TextEncoder().encode(raw.stdout)).toEqual(image.top.bytes);
  });

  test("takes a whole repository along with sync", async () => {
    const [first, second] = [await layeredImage(), await dockerImage()];
    await under.client.pushImage("synced", "first", first);
    await under.client.pushImage("synced", "second", second);
    const folder = makeTemporaryFolder("synced");
    await mustRun(
      argv`${skopeo.path} sync --all ${flags("src-")} --src docker --dest dir ${under.host}/synced ${folder}`,
    );
    await expectPulled(join(folder, "synced:first"), first);
    await expectPulled(join(folder, "synced:second"), second);
  });

  test("deletes an image", async () => {
    const image = await layeredImage();
    await push(image.source, "deleted:1");
    await mustRun(argv`${skopeo.path} delete ${flags("")} docker://${under.host}/deleted:1`);
    await expectGone(under.client, "deleted", "1", image.top.digest);
    const again = await runProgram(argv`${skopeo.path} delete ${flags("")} docker://${under.host}/deleted:1`);
    expect(again.exitCode).not.toBe(0);
  });

  test("says that an image is unknown", async () => {
    const seen = await runProgram(argv`${skopeo.path} inspect ${flags("")} docker://${under.host}/no/such:1`);
    expect(seen.exitCode).not.toBe(0);
    expect(seen.output).toMatch(/manifest unknown|name unknown|repository name not known/i);
  });
}

skopeo.describe("skopeo over HTTP", () => {
  const under = useRegistry();
  itCopies(under, (side) => [`--${side}tls-verify=false`]);
});

skopeo.describe("skopeo over TLS with a login", () => {
  const under = useRegistry({ tls: true, withLogin: true });
  const authFile = join(makeTemporaryFolder("skopeo-login"), "auth.json");
  const authorityFolder = () => under.registry.certificates?.authorityFolder ?? "";
  const logIn = (password: string) =>
    runProgram(
      argv`${skopeo.path} login --authfile ${authFile} --cert-dir ${authorityFolder()}
        --username ${login.user} --password-stdin ${under.host}`,
      { input: password },
    );
  const target = () => `docker://${under.host}/guarded:1`;

  test("refuses a wrong password", async () => {
    const refused = await logIn(wrongPassword);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/unauthorized|invalid username\/password/i);
  });

  test("refuses a push and a pull without a login", async () => {
    const image = await layeredImage();
    await under.client.pushImage("guarded", "1", image);
    const flags = argv`--no-creds --cert-dir ${authorityFolder()}`;
    const pulled = await runProgram(argv`${skopeo.path} inspect ${flags} ${target()}`);
    expect(pulled.exitCode).not.toBe(0);
    expect(pulled.output).toMatch(/authentication required|unauthorized/i);
    const pushFlags = argv`--dest-no-creds --dest-cert-dir ${authorityFolder()}`;
    const pushed = await runProgram(argv`${skopeo.path} copy ${pushFlags} ${image.source} ${target()}`);
    expect(pushed.exitCode).not.toBe(0);
    expect(pushed.output).toMatch(/authentication required|unauthorized/i);
  });

  test("does not trust an unknown authority", async () => {
    const emptyFolder = makeTemporaryFolder("no-ca");
    const seen = await runProgram(argv`${skopeo.path} inspect --cert-dir ${emptyFolder} ${target()}`);
    expect(seen.exitCode).not.toBe(0);
    expect(seen.output).toContain("unknown authority");
  });

  describe("once logged in", () => {
    beforeAll(async () => {
      const entered = await logIn(login.password);
      expect(entered.output).toContain("Login Succeeded");
    });
    itCopies(under, (side) => {
      const authFlag = side === "" ? "--authfile" : `--${side}authfile`;
      return argv`${authFlag} ${authFile} --${side}cert-dir ${authorityFolder()}`;
    });
  });
});
