import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { mustRun, runProgram } from "../support/run-program.ts";
import { requireLaterClient } from "../support/require-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { layeredImage } from "./support/images.ts";
import { isControl, login, type RegistryUnderTest, useRegistry, wrongPassword } from "./support/registry-under-test.ts";

setDefaultTimeout(60_000);
const { path, describe: describeNotation } = requireLaterClient("notation");

const signatureType = "application/vnd.cncf.notary.signature";

/** Trusts whatever the one test certificate signed, in every repository. */
const trustPolicy = {
  version: "1.0",
  trustPolicies: [
    {
      name: "tests",
      registryScopes: ["*"],
      signatureVerification: { level: "strict" },
      trustStores: ["ca:berth.test"],
      trustedIdentities: ["*"],
    },
  ],
};

type Environment = Readonly<Record<string, string>>;

async function makeSigner(): Promise<Environment> {
  const folder = makeTemporaryFolder("notation");
  const env = { NOTATION_CONFIG: folder, NOTATION_LIBEXEC: folder, NOTATION_CACHE: folder, HOME: folder };
  await mustRun(argv`${path} cert generate-test --default berth.test`, { env });
  await Bun.write(join(folder, "trustpolicy.json"), JSON.stringify(trustPolicy));
  return env;
}

function itSigns(under: RegistryUnderTest, flags: () => readonly string[], registryEnv: () => Environment): void {
  let signer: Environment = {};
  let stranger: Environment = {};
  beforeAll(async () => {
    [signer, stranger] = await Promise.all([makeSigner(), makeSigner()]);
  });
  const notation = (as: Environment, command: string, ...words: readonly string[]) =>
    runProgram(argv`${path} ${command} ${flags()} ${words}`, { env: { ...as, ...registryEnv() } });

  test.each([
    ["referrers API", "--force-referrers-tag=false"],
    ["referrers tag", "--force-referrers-tag=true"],
  ])("signs an image by the %s, lists the signature and verifies it", async (name, flag) => {
    const image = await layeredImage();
    const repository = `notation/${name.replace(" ", "-").toLowerCase()}`;
    const reference = `${under.host}/${repository}@${image.top.digest}`;
    await under.client.pushImage(repository, "1", image);
    expect((await notation(signer, "verify", reference)).exitCode).not.toBe(0);

    expect((await notation(signer, "sign", flag, "--signature-format", "cose", reference)).output).toContain(
      `Successfully signed ${reference}`,
    );
    expect((await notation(signer, "verify", reference)).output).toContain(
      `Successfully verified signature for ${reference}`,
    );
    expect((await notation(signer, "list", reference)).stdout).toContain(signatureType);
    expect((await notation(stranger, "verify", reference)).exitCode).not.toBe(0);

    if (isControl) return;
    const answer = await under.client.mustRequest("GET", `/v2/${repository}/referrers/${image.top.digest}`);
    const { manifests } = (await answer.json()) as { manifests: { artifactType: string }[] };
    expect(manifests.map(({ artifactType }) => artifactType)).toEqual([signatureType]);
  });
}

describeNotation("notation over HTTP", () => {
  itSigns(
    useRegistry(),
    () => ["--insecure-registry"],
    () => ({}),
  );
});

describeNotation("notation over TLS with a login", () => {
  const under = useRegistry({ tls: true, withLogin: true });
  const trusted = () => ({ SSL_CERT_FILE: under.registry.certificates?.authority ?? "" });
  itSigns(under, () => argv`--username ${login.user} --password ${login.password}`, trusted);

  test("is refused with a wrong password", async () => {
    const words = argv`--username ${login.user} --password ${wrongPassword} ${under.host}/notation/none:1`;
    const listed = await runProgram(argv`${path} list ${words}`, { env: { ...(await makeSigner()), ...trusted() } });
    expect(listed.exitCode).not.toBe(0);
    expect(listed.output).toMatch(/401|unauthorized/i);
  });
});
