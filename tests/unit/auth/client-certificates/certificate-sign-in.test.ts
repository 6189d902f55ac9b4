import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AccessDirectory, findAccount } from "../../../../src/access/index.ts";
import { createRobot, disableUser, enableUser } from "../../../support/change-accounts.ts";
import { RuledAuthenticator } from "../../../../src/auth/index.ts";
import { CertificateSignIn } from "../../../../src/auth/client-certificates/certificate-sign-in.ts";
import { createCertificateRules } from "../../../../src/auth/client-certificates/certificate-rules.ts";
import type { RegistryError } from "../../../../src/oci/index.ts";
import { BY } from "../../access/accounts/open-accounts.ts";
import { openSignIn, type OpenSignIn, PASSWORD } from "../sign-in/open-sign-in.ts";
import { CN, issue, type Issued, O } from "./issued.ts";

let open: OpenSignIn;
let authenticator: RuledAuthenticator;
beforeEach(async () => {
  open = await openSignIn();
  await open.addUser("anna");
  await createRobot(open.accounts, { ownerPath: "team", name: "ci" }, BY);
  const clock = { nowMs: () => open.time.atMs };
  const { metadata } = open;
  const rules = createCertificateRules([
    { subject: "O=Robots", name: { account: "team+ci" } },
    { subject: "O=Acme", name: { from: "cn" } },
  ]);
  authenticator = new RuledAuthenticator({
    directory: new AccessDirectory({ metadata, clock }),
    signIn: open.signIn,
    certificates: new CertificateSignIn({ rules, metadata, reportUnrecorded: () => undefined, clock }),
    clock,
    challenge: () => "",
    processKey: new Uint8Array(32),
    outsideVersion: () => 0,
  });
});
afterEach(() => open.metadata.close());

const by = (organization: string, name: string, more: Issued = {}) =>
  issue({ subject: [[[O, organization]], [[CN, name]]], ...more });

async function outcomeOf(
  clientCertificate: Uint8Array | undefined,
  authorization: string | null = null,
  address = "192.0.2.1",
): Promise<string> {
  try {
    const from = { address, requestId: "r-1", clientCertificate };
    const { principal } = await authenticator.authenticate(authorization, from);
    return principal.kind === "anonymous" ? "anonymous" : `${principal.kind} ${principal.name}`;
  } catch (thrown) {
    return (thrown as RegistryError).kind;
  }
}

const signIns = async () => (await open.acts()).filter((act) => act.startsWith("sign-in"));
const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

describe("a certificate", () => {
  test("signs in who it stands for", async () => {
    expect(await outcomeOf(by("Acme", "anna"))).toBe("user anna");
    expect(await outcomeOf(by("Robots", "whoever"))).toBe("robot team+ci");
  });

  test("says nothing where no rule is about it, or it cannot be read, or there is none", async () => {
    expect(await outcomeOf(by("Other", "anna"))).toBe("anonymous");
    expect(await outcomeOf(Uint8Array.from([1, 2, 3]))).toBe("anonymous");
    expect(await outcomeOf(undefined)).toBe("anonymous");
    expect(await signIns()).toEqual([]);
  });

  test("gives way to credentials, right or wrong", async () => {
    await open.addUser("bob");
    expect(await outcomeOf(by("Acme", "anna"), basic("bob", PASSWORD))).toBe("user bob");
    expect(await outcomeOf(by("Acme", "anna"), basic("bob", "wrong"))).toBe("login-failed");
    expect(await outcomeOf(by("Acme", "anna"), "Bearer x")).toBe("token-invalid");
  });

  test("of nobody who is known is refused, and makes no account", async () => {
    expect(await outcomeOf(by("Acme", "carol"))).toBe("login-failed");
    expect(await findAccount(open.metadata.reads, "carol")).toBeUndefined();
    expect(await signIns()).toEqual(["sign-in failure carol"]);
  });

  test("is refused while its account is disabled, on the same connection too", async () => {
    const certificate = by("Acme", "anna");
    expect(await outcomeOf(certificate)).toBe("user anna");
    await disableUser(open.accounts, "anna", BY);
    expect(await outcomeOf(certificate)).toBe("login-failed");
    await enableUser(open.accounts, "anna", BY);
    expect(await outcomeOf(certificate)).toBe("user anna");
  });

  test("is refused before and after its time, on the same connection too", async () => {
    const certificate = by("Acme", "anna", { notBefore: "200101000000Z", notAfter: "210101000000Z" });
    open.time.atMs = Date.UTC(2020, 0, 1) - 1;
    expect(await outcomeOf(certificate)).toBe("login-failed");
    open.time.atMs += 1;
    expect(await outcomeOf(certificate)).toBe("user anna");
    open.time.atMs = Date.UTC(2021, 0, 1);
    expect(await outcomeOf(certificate)).toBe("user anna");
    open.time.atMs += 1;
    expect(await outcomeOf(certificate)).toBe("login-failed");
  });

  test("stands in the audit trail once an hour for each address, with what it came to", async () => {
    const [annas, carols] = [by("Acme", "anna"), by("Acme", "carol")];
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
      await outcomeOf(Uint8Array.from(annas), null, address);
      await outcomeOf(Uint8Array.from(carols), null, address);
    }
    const [good, bad] = ["sign-in success anna", "sign-in failure carol"];
    expect(await signIns()).toEqual([good, bad, good, bad]);
    open.time.atMs += 60 * 60_000;
    await outcomeOf(annas);
    expect(await signIns()).toHaveLength(5);
    const rows = await open.metadata.reads.selectFrom("audit").selectAll().where("act", "=", "sign-in").execute();
    expect(JSON.parse(rows[1]?.detail ?? "")).toEqual({
      method: "certificate",
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      reason: "unknown-user",
    });
  });
});
