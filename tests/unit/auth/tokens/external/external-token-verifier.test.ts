import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac, createPublicKey, type KeyObject } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import {
  EXTERNAL_ALGORITHMS,
  type ExternalAlgorithm,
  type ExternalTokenOptions,
  realmOf,
} from "../../../../../src/auth/index.ts";
import { ExternalTokenVerifier } from "../../../../../src/auth/tokens/external/external-token-verifier.ts";
import { libtrustFingerprint } from "../../../../../src/auth/tokens/external/named-keys.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../../support/temporary-folder.ts";
import { DAY_MS, failureOf, StandingClock } from "../token-parts.ts";
import { type Certified, certify, EC_KEY, RSA_KEY } from "./authority.ts";

const OPTIONS: ExternalTokenOptions = {
  realm: "https://auth.example/token",
  redirectPath: undefined,
  service: "reg.example",
  issuer: "auth.example",
  certificatesPath: undefined,
  keySet: undefined,
  algorithms: EXTERNAL_ALGORITHMS,
};

let folder: string;
let root: Certified;
let between: Certified;
let leaf: Certified;
let stranger: Certified;
let strangerLeaf: Certified;
let underLeaf: Certified;
beforeAll(async () => {
  folder = makeTemporaryFolder("token-server");
  [root, stranger] = await Promise.all([
    certify(folder, "root", { isAuthority: true, newKey: RSA_KEY }),
    certify(folder, "stranger", { isAuthority: true }),
  ]);
  [between, strangerLeaf] = await Promise.all([
    certify(folder, "between", { issuer: root, isAuthority: true }),
    certify(folder, "stranger-leaf", { issuer: stranger }),
  ]);
  leaf = await certify(folder, "leaf", { issuer: between });
  underLeaf = await certify(folder, "under-leaf", { issuer: leaf, newKey: EC_KEY });
});
afterAll(() => removeTemporaryFolder(folder));

let clock: StandingClock;
let problems: string[];
beforeEach(() => {
  clock = new StandingClock();
  // The certificates are made now.
  clock.ms = Date.now();
  problems = [];
});

const open = (options: Partial<ExternalTokenOptions>) =>
  ExternalTokenVerifier.open(
    { ...OPTIONS, ...options },
    { fetch: (url) => fetch(url, { redirect: "manual" }), clock, report: (problem) => problems.push(problem) },
  );

interface Sent {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

const LIFETIME_SECONDS = 900;
const nowSeconds = () => Math.floor(clock.ms / 1000);

function sign(key: KeyObject | CryptoKey, alg: string, { header = {}, claims = {} }: Sent): Promise<string> {
  const payload = {
    iss: OPTIONS.issuer,
    aud: OPTIONS.service,
    sub: "alice",
    exp: nowSeconds() + LIFETIME_SECONDS,
    nbf: nowSeconds(),
    iat: nowSeconds(),
    jti: "1",
    access: [{ type: "repository", class: "", name: "team/app", actions: ["pull", "push"] }],
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader(JSON.parse(JSON.stringify({ typ: "JWT", alg, ...header })))
    .sign(key);
}

async function expectTaken(verifier: ExternalTokenVerifier, token: string): Promise<void> {
  expect(await verifier.verify(token)).toMatchObject({
    subject: "alice",
    generation: 0,
    access: [{ type: "repository", name: "team/app", actions: ["pull", "push"] }],
  });
}

async function expectRefused(verifier: ExternalTokenVerifier, token: string): Promise<void> {
  expect(await failureOf(() => verifier.verify(token))).toMatchObject({ kind: "token-invalid" });
  expect(await failureOf(() => verifier.verifyExpired(token))).toMatchObject({ kind: "token-invalid" });
}

describe("a token of another server with a key set", () => {
  const path = () => join(folder, "jwks.json");

  async function withKeySet(alg: string, kid: string | null = "one"): Promise<{ key: CryptoKey; jwk: JWK }> {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const jwk = { ...(await exportJWK(publicKey)), ...(kid !== null && { kid }) };
    writeFileSync(path(), JSON.stringify({ keys: [jwk] }));
    return { key: privateKey, jwk };
  }

  test.each([...EXTERNAL_ALGORITHMS])(
    "is taken if it is signed by %s, and by no other algorithm that is asked for",
    async (alg) => {
      const { key } = await withKeySet(alg);
      const token = await sign(key, alg, { header: { kid: "one" } });
      await expectTaken(await open({ keySet: { path: path() } }), token);
      const algorithms = EXTERNAL_ALGORITHMS.filter((other) => other !== alg);
      await expectRefused(await open({ keySet: { path: path() }, algorithms }), token);
    },
  );

  test("may have its audience in a list, a generation that is not ours, null for nothing, and no type", async () => {
    const { key } = await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    const header = { kid: "one", typ: undefined };
    await expectTaken(
      verifier,
      await sign(key, "ES256", { header, claims: { aud: ["x", OPTIONS.service], gen: "9", limits: 1 } }),
    );
    const bare = await sign(key, "ES256", {
      header,
      claims: { access: null, iat: undefined, nbf: undefined, sub: undefined },
    });
    expect(await verifier.verify(bare)).toMatchObject({ subject: "", access: [], issuedAtMs: 0 });
  });

  test("calls a key without a name by its thumbprint", async () => {
    const { key, jwk } = await withKeySet("EdDSA", null);
    const verifier = await open({ keySet: { path: path() } });
    await expectTaken(verifier, await sign(key, "EdDSA", { header: { kid: await calculateJwkThumbprint(jwk) } }));
    await expectRefused(verifier, await sign(key, "EdDSA", {}));
  });

  test("is known at once at the second time, and ends with a leeway of 60 s", async () => {
    const { key } = await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    const token = await sign(key, "ES256", { header: { kid: "one" } });
    const verified = await verifier.verify(token);
    expect(verifier.verify(token)).toBe(verified);
    clock.ms = verified.expiresAtMs + 59_999;
    await expectTaken(verifier, token);
    clock.ms = verified.expiresAtMs + 60_000;
    expect(await failureOf(() => verifier.verify(token))).toMatchObject({ kind: "token-invalid" });
    expect(await verifier.verifyExpired(token)).toMatchObject({ isExpired: true });
    clock.ms += DAY_MS;
    await expectRefused(verifier, token);
  });

  test.each([
    ["of another issuer", { iss: "other.example" }],
    ["for another service", { aud: "other.example" }],
    ["for other services", { aud: ["other.example"] }],
    ["for none", { aud: undefined }],
    ["without an end", { exp: undefined }],
    ["that expired long ago", { exp: 1 }],
    ["that is not good yet", { nbf: Math.floor(Date.now() / 1000) + 600 }],
    ["from the future", { iat: Math.floor(Date.now() / 1000) + 600 }],
    ["with access that is none", { access: "all" }],
  ])("%s is refused", async (_, claims) => {
    const { key } = await withKeySet("ES256");
    await expectRefused(
      await open({ keySet: { path: path() } }),
      await sign(key, "ES256", { header: { kid: "one" }, claims }),
    );
  });

  test.each([
    ["of another type", { typ: "secevent+jwt" }],
    ["without a key's name", { kid: undefined }],
    ["of a key that is not known", { kid: "two" }],
    ["of a key with the name of a property", { kid: "__proto__" }],
    ["with a key that is none", { kid: undefined, jwk: null }],
    ["with a chain that is none", { x5c: "x" }],
    ["with an empty chain", { x5c: [] }],
    ["with a chain of nonsense", { x5c: ["AAAA"] }],
  ])("%s is refused", async (_, header) => {
    const { key } = await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    await expectRefused(verifier, await sign(key, "ES256", { header: { kid: "one", ...header } }));
  });

  test("by HMAC with a public key, or by nothing, is refused", async () => {
    const { jwk } = await withKeySet("RS256");
    const verifier = await open({ keySet: { path: path() } });
    const pem = createPublicKey({ key: { ...jwk }, format: "jwk" }).export({ type: "spki", format: "pem" });
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: OPTIONS.issuer, aud: OPTIONS.service, sub: "root", exp: nowSeconds() + 300, access: [] };
    for (const alg of ["HS256", "none"]) {
      const unsigned = `${encode({ typ: "JWT", alg, kid: "one" })}.${encode(claims)}`;
      const signature = alg === "none" ? "" : createHmac("sha256", pem).update(unsigned).digest("base64url");
      await expectRefused(verifier, `${unsigned}.${signature}`);
    }
  });

  test("by another algorithm than its key is for is refused", async () => {
    await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    const { privateKey } = await generateKeyPair("RS256");
    await expectRefused(verifier, await sign(privateKey, "RS256", { header: { kid: "one" } }));
    const { key, jwk } = await withKeySet("PS256");
    writeFileSync(path(), JSON.stringify({ keys: [{ ...jwk, alg: "RS256" }] }));
    await expectRefused(await open({ keySet: { path: path() } }), await sign(key, "PS256", { header: { kid: "one" } }));
  });

  test("that brings its own key is believed by the trusted one of that name only", async () => {
    const { key, jwk } = await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    await expectTaken(verifier, await sign(key, "ES256", { header: { jwk } }));
    const own = await generateKeyPair("ES256");
    const ownJwk = await exportJWK(own.publicKey);
    for (const injected of [ownJwk, { ...ownJwk, kid: "one" }, { ...ownJwk, kid: "two" }])
      await expectRefused(verifier, await sign(own.privateKey, "ES256", { header: { jwk: injected, kid: "one" } }));
  });

  test("is judged by the keys as they are now, also if it was known before", async () => {
    const { key } = await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    const token = await sign(key, "ES256", { header: { kid: "one" } });
    await expectTaken(verifier, token);
    const { key: next } = await withKeySet("ES256", "two");
    clock.ms += 1000;
    await expectRefused(verifier, token);
    await expectTaken(verifier, await sign(next, "ES256", { header: { kid: "two" } }));
  });

  test("goes on when the file is broken or gone, which is told once", async () => {
    const { key } = await withKeySet("ES256");
    const verifier = await open({ keySet: { path: path() } });
    writeFileSync(path(), "{");
    for (let times = 0; times < 3; times++) {
      clock.ms += 1000;
      await expectTaken(verifier, await sign(key, "ES256", { header: { kid: "one" } }));
    }
    expect(problems).toEqual([`${path()} has changed and cannot be used: what was read before stays in use`]);
    renameSync(path(), `${path()}.old`);
    clock.ms += 1000;
    await expectTaken(verifier, await sign(key, "ES256", { header: { kid: "one" } }));
    expect(problems).toHaveLength(2);
  });

  test.each([
    ["no file", undefined],
    ["no JSON", "x"],
    ["no set", "[]"],
    ["a set without keys", '{"keys":[]}'],
    ["a set with a shared secret", '{"keys":[{"kty":"oct","kid":"one","k":"AAAA"}]}'],
    ["a set for encryption", '{"keys":[{"kty":"OKP","crv":"X25519","x":"AAAA","use":"enc"}]}'],
    ["a set with what is no key", '{"keys":[null,1,{"kty":"__proto__"},{"kty":"EC","crv":"P-256"}]}'],
  ])("cannot be had with %s", async (_, text) => {
    const path = join(folder, `set-${Bun.hash(text ?? "")}.json`);
    if (text !== undefined) writeFileSync(path, text);
    expect(await failureOf(() => open({ keySet: { path } }))).toMatchObject({ message: expect.stringContaining(path) });
  });
});

describe("a token of another server with certificates", () => {
  let verifier: ExternalTokenVerifier;
  beforeEach(async () => (verifier = await open({ certificatesPath: root.certificatePath })));

  const chained = (certified: Certified, ...chain: readonly Certified[]) =>
    sign(certified.key, certified.certificate.publicKey.asymmetricKeyType === "rsa" ? "RS256" : "ES256", {
      header: { x5c: [certified, ...chain].map(({ encoded }) => encoded) },
    });

  test("is taken with a chain that leads to a trusted one", async () => {
    await expectTaken(verifier, await chained(leaf, between));
    await expectTaken(verifier, await chained(leaf, stranger, between));
    await expectTaken(verifier, await chained(between));
    await expectTaken(verifier, await chained(root));
    await expectTaken(verifier, await chained(leaf, between, root));
  });

  test("is taken with the chain of the key that it brings", async () => {
    const jwk = { kty: "EC", x5c: [leaf.encoded, between.encoded] };
    await expectTaken(verifier, await sign(leaf.key, "ES256", { header: { jwk } }));
    const stolen = { kty: "EC", x5c: [stranger.encoded] };
    await expectRefused(verifier, await sign(stranger.key, "ES256", { header: { jwk: stolen } }));
  });

  test("is refused with any other chain", async () => {
    await expectRefused(verifier, await chained(stranger));
    await expectRefused(verifier, await chained(strangerLeaf, stranger));
    await expectRefused(verifier, await chained(strangerLeaf, between));
    await expectRefused(verifier, await chained(leaf));
    await expectRefused(verifier, await chained(leaf, root));
    await expectRefused(verifier, await chained(underLeaf, leaf, between));
    await expectRefused(verifier, await chained(leaf, between, ...Array<Certified>(4).fill(stranger)));
  });

  test("signed by itself in the name of the trusted one is refused", async () => {
    const impostor = await certify(makeTemporaryFolder("impostor"), "root", { isAuthority: true, newKey: RSA_KEY });
    expect(impostor.certificate.subject).toBe(root.certificate.subject);
    await expectRefused(verifier, await chained(impostor));
    const forged = await certify(makeTemporaryFolder("forged"), "forged", { issuer: impostor });
    await expectRefused(verifier, await chained(forged));
    await expectRefused(verifier, await chained(forged, impostor));
  });

  test("signed with another key than that of its chain is refused", async () => {
    const header = { x5c: [leaf.encoded, between.encoded] };
    await expectRefused(verifier, await sign(strangerLeaf.key, "ES256", { header }));
    // A chain that is not right is not made up for by a name that is.
    const kid = await calculateJwkThumbprint(await exportJWK(root.certificate.publicKey));
    await expectRefused(verifier, await sign(root.key, "RS256", { header: { kid, x5c: [stranger.encoded] } }));
  });

  test("is refused before and after the time of its certificates", async () => {
    const now = clock.ms;
    for (const shiftMs of [3 * DAY_MS, -DAY_MS]) {
      clock.ms = now + shiftMs;
      await expectRefused(verifier, await chained(leaf, between));
      await expectRefused(verifier, await chained(root));
    }
  });

  test("may name the key of a trusted certificate in both ways of registry:2", async () => {
    const key = root.certificate.publicKey;
    const thumbprint = await calculateJwkThumbprint(await exportJWK(key));
    for (const kid of [thumbprint, libtrustFingerprint(key)])
      await expectTaken(verifier, await sign(root.key, "RS256", { header: { kid } }));
    await expectRefused(
      verifier,
      await sign(leaf.key, "ES256", { header: { kid: libtrustFingerprint(leaf.certificate.publicKey) } }),
    );
  });

  test("is judged by the certificates as they are now", async () => {
    const path = join(folder, "bundle.pem");
    const pem = (...list: readonly Certified[]) => list.map(({ certificate }) => certificate.toString()).join("\n");
    writeFileSync(path, `# two\n${pem(root, stranger)}`);
    const following = await open({ certificatesPath: path });
    await expectTaken(following, await chained(strangerLeaf, stranger));
    writeFileSync(path, pem(root));
    clock.ms += 1000;
    await expectRefused(following, await chained(strangerLeaf, stranger));
    await expectTaken(following, await chained(leaf, between));
  });

  test("cannot be had with a file without a certificate", async () => {
    for (const path of [root.keyPath, join(folder, "missing.pem")])
      expect(await failureOf(() => open({ certificatesPath: path }))).toMatchObject({
        message: expect.stringContaining(path),
      });
  });
});

describe("a token of another server that is asked for its keys", () => {
  let server: ReturnType<typeof Bun.serve>;
  let answer: () => Response;
  let asked: number;
  beforeAll(() => {
    server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        asked++;
        return answer();
      },
    });
  });
  afterAll(() => server.stop(true));
  beforeEach(() => (asked = 0));

  const openRemote = () => open({ keySet: { url: `http://127.0.0.1:${server.port}/jwks` } });
  const SECOND_MS = 1000;

  async function serveKey(kid: string, alg: ExternalAlgorithm = "ES256"): Promise<() => Promise<string>> {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const jwk = { ...(await exportJWK(publicKey)), kid };
    answer = () => Response.json({ keys: [jwk] });
    return () => sign(privateKey, alg, { header: { kid } });
  }

  test("is taken, and the keys are asked for once in ten minutes", async () => {
    const token = await serveKey("one");
    const verifier = await openRemote();
    for (let minute = 0; minute < 9; minute++) {
      clock.ms += 60 * SECOND_MS;
      await expectTaken(verifier, await token());
    }
    expect(asked).toBe(1);
    clock.ms += 60 * SECOND_MS;
    await expectTaken(verifier, await token());
    expect(asked).toBe(2);
  });

  test("of a new key is taken at once, and made-up names do not make us ask each time", async () => {
    const before = await serveKey("one");
    const verifier = await openRemote();
    const old = await before();
    await expectTaken(verifier, old);
    clock.ms += 10 * SECOND_MS;
    const after = await serveKey("two");
    await expectTaken(verifier, await after());
    await expectRefused(verifier, old);
    expect(asked).toBe(2);
    const { privateKey } = await generateKeyPair("ES256");
    for (let times = 0; times < 5; times++)
      await expectRefused(verifier, await sign(privateKey, "ES256", { header: { kid: `made-up-${times}` } }));
    expect(asked).toBe(2);
  });

  test("of a key that is taken away is refused after ten minutes", async () => {
    const token = await (await serveKey("one"))();
    const verifier = await openRemote();
    await expectTaken(verifier, token);
    await serveKey("two");
    clock.ms += 2 * 60 * SECOND_MS;
    await expectTaken(verifier, token);
    clock.ms += 8 * 60 * SECOND_MS;
    await expectRefused(verifier, token);
  });

  test.each([
    ["answers with an error", () => new Response("no", { status: 500 })],
    ["answers something else", () => new Response("<html>")],
    ["sends us elsewhere", () => Response.redirect("http://127.0.0.1:1/")],
  ])("goes on for a day while the server %s, then it cannot be checked", async (_, failing) => {
    const token = await serveKey("one");
    const verifier = await openRemote();
    answer = failing;
    clock.ms += 3600 * SECOND_MS;
    await expectTaken(verifier, await token());
    clock.ms += 3600 * SECOND_MS;
    await expectTaken(verifier, await token());
    expect(problems).toEqual([`http://127.0.0.1:${server.port}/jwks gives no keys to verify tokens with`]);
    clock.ms += DAY_MS;
    expect(await failureOf(async () => verifier.verify(await token()))).toMatchObject({ kind: "unavailable" });
    const again = await serveKey("one");
    clock.ms += 10 * SECOND_MS;
    await expectTaken(verifier, await again());
  });

  test("cannot be checked while the server does not answer from the start, and is as soon as it does", async () => {
    answer = () => new Response("not yet", { status: 503 });
    const verifier = await openRemote();
    expect(problems).toHaveLength(1);
    const token = await serveKey("one");
    expect(await failureOf(async () => verifier.verify(await token()))).toMatchObject({ kind: "unavailable" });
    clock.ms += 10 * SECOND_MS;
    await expectTaken(verifier, await token());
  });
});

test("clients are sent to the realm, or to a path of the host that they know the registry by", () => {
  expect(realmOf(OPTIONS, "https://reg.example")).toBe("https://auth.example/token");
  const redirecting = { ...OPTIONS, redirectPath: "/auth/token" };
  expect(realmOf(redirecting, "https://reg.example:5000")).toBe("https://reg.example:5000/auth/token");
  expect(realmOf(redirecting, "")).toBe("https://auth.example/token");
});
