import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireLaterClient } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { dockerImage, ociIndex } from "./support/images.ts";
import { isControl, login, type RegistryUnderTest, useRegistry } from "./support/registry-under-test.ts";

setDefaultTimeout(60_000);
const { path, describe: describeCosign } = requireLaterClient("cosign");
const env = { COSIGN_PASSWORD: "a password", DOCKER_CONFIG: makeTemporaryFolder("cosign-config") };

/** Today's bundles hang on the image as referrers; before, a signature was an image of its own under a tag. */
const forms = [
  { form: "referrer", flags: [], tagged: isControl ? "" : undefined },
  { form: "tag", flags: ["--new-bundle-format=false"], tagged: ".sig" },
] as const;

async function makeKeys(): Promise<string> {
  const folder = makeTemporaryFolder("cosign-keys");
  await mustRun(argv`${path} generate-key-pair`, { cwd: folder, env });
  return folder;
}

function itSigns(under: RegistryUnderTest, registryFlags: () => readonly string[]): void {
  const keys = { own: "", others: "" };
  beforeAll(async () => {
    [keys.own, keys.others] = await Promise.all([makeKeys(), makeKeys()]);
  });
  const sign = (reference: string, flags: readonly string[]) =>
    mustRun(
      argv`${path} sign --yes --key ${join(keys.own, "cosign.key")} --use-signing-config=false --tlog-upload=false
        ${registryFlags()} ${flags} ${reference}`,
      { env },
    );
  const verify = (reference: string, keyFolder: string, flags: readonly string[]) =>
    runProgram(
      argv`${path} verify --key ${join(keyFolder, "cosign.pub")} --insecure-ignore-tlog
        ${registryFlags()} ${flags} ${reference}`,
      { env },
    );

  test.each(forms)("signs an image and verifies it by $form", async ({ form, flags, tagged }) => {
    const image = await dockerImage();
    const repository = `cosign/${form}`;
    const reference = `${under.host}/${repository}@${image.top.digest}`;
    await under.client.pushImage(repository, "1", image);
    expect((await verify(reference, keys.own, flags)).exitCode).not.toBe(0);
    await sign(reference, flags);
    const verified = await verify(reference, keys.own, flags);
    expect(verified.stdout).toContain(image.top.digest);
    expect(verified.exitCode).toBe(0);
    expect((await verify(reference, keys.others, flags)).exitCode).not.toBe(0);
    const signatureTag = image.top.digest.replace(":", "-");
    const tags = [...(await under.client.listTags(repository))].sort();
    expect(tags).toEqual(tagged === undefined ? ["1"] : ["1", `${signatureTag}${tagged}`]);
  });

  test("signs an index and each of its images", async () => {
    const index = await ociIndex();
    await under.client.pushImage("cosign/index", "1", index);
    await sign(`${under.host}/cosign/index@${index.top.digest}`, ["--recursive"]);
    for (const { digest } of index.manifests) {
      const verified = await verify(`${under.host}/cosign/index@${digest}`, keys.own, []);
      expect(verified.stdout).toContain(digest);
      expect(verified.exitCode).toBe(0);
    }
  });
}

describeCosign("cosign over HTTP", () => {
  itSigns(useRegistry(), () => ["--allow-http-registry"]);
});

describeCosign("cosign over TLS with a login", () => {
  const under = useRegistry({ tls: true, withLogin: true });
  itSigns(
    under,
    () => argv`--registry-username ${login.user} --registry-password ${login.password}
      --registry-cacert ${under.registry.certificates?.authority ?? ""}`,
  );
});
