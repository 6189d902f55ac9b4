import { describe, expect, test } from "bun:test";
import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { decodeJwt, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";
import { parseScopes } from "../../../../src/auth/index.ts";
import { TOKEN_ALGORITHMS } from "../../../../src/auth/tokens/token-key.ts";
import { failureOf, HOUR_MS, OPTIONS, openTokens, START_MS, type TokenParts } from "./token-parts.ts";

const access = parseScopes(["repository:team/app:pull,push"]);
const issue = ({ issuer }: TokenParts, lifetimeMs?: number) =>
  issuer.issue({ subject: "alice", generation: 7, access, lifetimeMs });

const expectInvalid = async (parts: TokenParts, token: string): Promise<void> => {
  const refused = { kind: "token-invalid" };
  expect(await failureOf(() => parts.verifier.verify(token))).toMatchObject(refused);
  expect(await failureOf(() => parts.verifier.verifyExpired(token))).toMatchObject(refused);
};

const kidOf = async ({ keys }: TokenParts) => (await keys.keyForSigning()).id;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a token of the registry", () => {
  test.each([...TOKEN_ALGORITHMS])("%s: says what it was issued for", async (algorithm) => {
    const parts = await openTokens({ algorithm });
    const { token, expiresInSeconds, issuedAtMs } = await issue(parts);
    expect({ expiresInSeconds, issuedAtMs }).toEqual({ expiresInSeconds: 900, issuedAtMs: START_MS });
    expect(decodeJwt(token)).toEqual({
      iss: OPTIONS.issuer,
      sub: "alice",
      aud: OPTIONS.service,
      iat: START_MS / 1000,
      nbf: START_MS / 1000,
      exp: START_MS / 1000 + 900,
      jti: "id-1",
      gen: 7,
      access: [{ type: "repository", name: "team/app", actions: ["pull", "push"] }],
    });
    expect(await parts.verifier.verify(token)).toEqual({
      subject: "alice",
      generation: 7,
      access,
      limits: [],
      issuedAtMs: START_MS,
      expiresAtMs: START_MS + 900_000,
    });
  });

  test("is known at once at the second time", async () => {
    const parts = await openTokens();
    const { token } = await issue(parts);
    const first = parts.verifier.verify(token);
    expect(first).toBeInstanceOf(Promise);
    expect(parts.verifier.verify(token)).toBeInstanceOf(Promise);
    const verified = await first;
    expect(parts.verifier.verify(token)).toBe(verified);
  });

  test("carries the limits of what it was made of", async () => {
    const parts = await openTokens();
    const limits = [{ pathPattern: "team/*", actions: ["pull", "tag:create"] as const }];
    const { token } = await parts.issuer.issue({ subject: "alice", generation: 1, access, limits });
    expect(await parts.verifier.verify(token)).toMatchObject({ limits });
  });

  test("may be nobody's", async () => {
    const parts = await openTokens();
    const { token } = await parts.issuer.issue({ subject: "", generation: 0, access: [] });
    expect(await parts.verifier.verify(token)).toMatchObject({ subject: "", generation: 0, access: [] });
  });

  test("holds for less where it should, and never for more than is set", async () => {
    const parts = await openTokens();
    expect((await issue(parts, 90_500)).expiresInSeconds).toBe(90);
    expect((await issue(parts, 10)).expiresInSeconds).toBe(1);
    expect((await issue(parts, HOUR_MS)).expiresInSeconds).toBe(900);
  });

  test("that would be too long for a header is not made", async () => {
    const { issuer } = await openTokens();
    const many = Array.from({ length: 200 }, (_, index) => ({
      type: "repository",
      name: `team/${index}/${"x".repeat(60)}`,
      actions: ["pull"],
    }));
    const error = await failureOf(() => issuer.issue({ subject: "a", generation: 1, access: many }));
    expect(error).toMatchObject({ kind: "bad-request" });
  });

  test("ends without leeway, also when it was known before", async () => {
    const parts = await openTokens();
    const { token } = await issue(parts);
    await parts.verifier.verify(token);
    parts.clock.ms = START_MS + 900_000 - 1;
    expect(await parts.verifier.verify(token)).toMatchObject({ subject: "alice" });
    parts.clock.ms = START_MS + 900_000;
    expect(await failureOf(() => parts.verifier.verify(token))).toMatchObject({
      kind: "token-invalid",
      message: "the token has expired: ask for a new one",
    });
  });

  test.each(["known before", "seen for the first time"])(
    "that has expired finishes things for a day, %s",
    async (seen) => {
      const parts = await openTokens();
      const { token } = await issue(parts);
      if (seen === "known before")
        expect(await parts.verifier.verifyExpired(token)).toMatchObject({ subject: "alice", isExpired: false });
      parts.clock.ms = START_MS + 900_000;
      expect(await parts.verifier.verifyExpired(token)).toMatchObject({ subject: "alice", isExpired: true });
      parts.clock.ms += 24 * HOUR_MS - 1;
      expect(await parts.verifier.verifyExpired(token)).toMatchObject({ isExpired: true });
      parts.clock.ms += 1;
      expect(await failureOf(() => parts.verifier.verifyExpired(token))).toMatchObject({ kind: "token-invalid" });
    },
  );

  test.each([
    [60_000, true],
    [61_000, false],
  ])("issued %p ms in the future: taken is %p", async (aheadMs, isTaken) => {
    const parts = await openTokens();
    parts.clock.ms += aheadMs;
    const { token } = await issue(parts);
    parts.clock.ms = START_MS;
    if (isTaken) expect(await parts.verifier.verify(token)).toMatchObject({ subject: "alice" });
    else await expectInvalid(parts, token);
  });
});

describe("what is no token of the registry", () => {
  test.each(["", "x", "a.b.c", "..", "e30.e30.", `${encode({ alg: "none" })}.${encode({})}.`])("%p", async (token) =>
    expectInvalid(await openTokens(), token),
  );

  test("one that is too long, before it is looked at", async () => {
    await expectInvalid(await openTokens(), "x".repeat(16 * 1024 + 1));
  });

  test("of another registry, whatever it calls its key", async () => {
    const parts = await openTokens();
    const kid = await kidOf(parts);
    const other = await openTokens();
    await expectInvalid(parts, (await issue(other)).token);
    const { privateKey } = await generateKeyPair("ES256");
    const claims = decodeJwt((await issue(parts)).token);
    await expectInvalid(
      parts,
      await new SignJWT(claims).setProtectedHeader({ typ: "JWT", alg: "ES256", kid }).sign(privateKey),
    );
  });

  test("changed in a claim", async () => {
    const parts = await openTokens();
    const [header, , signature] = (await issue(parts)).token.split(".");
    const claims = { ...decodeJwt((await issue(parts)).token), sub: "root" };
    await expectInvalid(parts, `${header}.${encode(claims)}.${signature}`);
  });

  /** Signed with the registry's own key, so that nothing but the named thing is wrong. */
  async function signed(
    parts: TokenParts,
    changes: {
      readonly header?: Readonly<Record<string, unknown>>;
      readonly claims?: Readonly<Record<string, unknown>>;
    },
  ): Promise<string> {
    const key = await parts.keys.keyForSigning();
    const claims = { ...decodeJwt((await issue(parts)).token), ...changes.claims };
    const header = { typ: "JWT", alg: key.algorithm, kid: key.id, ...changes.header } as JWTHeaderParameters;
    return new SignJWT(JSON.parse(JSON.stringify(claims))).setProtectedHeader(header).sign(key.privateKey);
  }

  test("signed as here it is one, also with its audience in a list", async () => {
    const parts = await openTokens();
    expect(await parts.verifier.verify(await signed(parts, {}))).toMatchObject({ subject: "alice" });
    const aud = ["other.example", OPTIONS.service];
    expect(await parts.verifier.verify(await signed(parts, { claims: { aud } }))).toMatchObject({ subject: "alice" });
  });

  test.each([
    ["for another service", { aud: "other.example" }],
    ["for other services", { aud: ["other.example", "reg.example.evil"] }],
    ["for no service", { aud: undefined }],
    ["for an empty list of services", { aud: [] }],
    ["of another issuer", { iss: "https://reg.example/" }],
    ["of no issuer", { iss: undefined }],
    ["without an end", { exp: undefined }],
    ["with an end that is a text", { exp: "9999999999" }],
    ["without a beginning", { nbf: undefined }],
    ["without the time of issue", { iat: undefined }],
    ["without a generation", { gen: undefined }],
    ["with a generation in words", { gen: "9" }],
    ["without an id", { jti: undefined }],
    ["without a subject", { sub: undefined }],
    ["with a subject that is a list", { sub: ["alice"] }],
    ["expired for longer than a day", { exp: START_MS / 1000 - 86_400 }],
    ["not good yet", { nbf: START_MS / 1000 + 61 }],
    ["issued in the future", { iat: START_MS / 1000 + 61 }],
    ["without access", { access: undefined }],
    ["with access that is no list", { access: { type: "repository" } }],
    ["with an access without a name", { access: [{ type: "repository", actions: ["pull"] }] }],
    ["with an access whose actions are a text", { access: [{ type: "repository", name: "a", actions: "pull" }] }],
    ["with limits that are none", { limits: [{ path: "a", actions: ["everything"] }] }],
  ])("%s", async (_, claims) => {
    const parts = await openTokens();
    await expectInvalid(parts, await signed(parts, { claims }));
  });

  test.each([
    ["of another type", { typ: "at+jwt" }],
    ["of no type", { typ: undefined }],
    ["without a key's name", { kid: undefined }],
    ["with a key's name that is a path", { kid: "../../etc/passwd" }],
    ["with a key's name that is a query", { kid: "' or 1=1 --" }],
  ])("%s", async (_, header) => {
    const parts = await openTokens();
    await expectInvalid(parts, await signed(parts, { header }));
  });

  test.each(["none", "None", "NONE", ""])("without a signature, by the algorithm %p", async (alg) => {
    const parts = await openTokens();
    const kid = await kidOf(parts);
    const [, payload] = (await issue(parts)).token.split(".");
    const header = encode({ typ: "JWT", alg, kid });
    await expectInvalid(parts, `${header}.${payload}.`);
    await expectInvalid(parts, `${header}.${payload}.${"A".repeat(86)}`);
  });

  test.each(["HS256", "HS384", "HS512"])(
    "signed by %s with the public key as the secret, in whatever form",
    async (alg) => {
      const parts = await openTokens();
      const [jwk] = await parts.keys.publicKeys();
      const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
      const [, payload] = (await issue(parts)).token.split(".");
      const unsigned = `${encode({ typ: "JWT", alg, kid: jwk?.kid })}.${payload}`;
      const forms = [
        key.export({ type: "spki", format: "pem" }),
        key.export({ type: "spki", format: "der" }),
        JSON.stringify(jwk),
        Buffer.from("x" in (jwk ?? {}) ? String(jwk?.x) : "", "base64url"),
        "",
      ];
      for (const secret of forms) {
        const signature = createHmac(`sha${alg.slice(2)}`, secret)
          .update(unsigned)
          .digest("base64url");
        await expectInvalid(parts, `${unsigned}.${signature}`);
      }
    },
  );

  test("by another algorithm than that of the key it names", async () => {
    const parts = await openTokens();
    const kid = await kidOf(parts);
    const claims = decodeJwt((await issue(parts)).token);
    for (const alg of ["RS256", "PS256", "ES384", "EdDSA"]) {
      const { privateKey } = await generateKeyPair(alg);
      await expectInvalid(
        parts,
        await new SignJWT(claims).setProtectedHeader({ typ: "JWT", alg, kid }).sign(privateKey),
      );
    }
  });

  test("that brings its own key", async () => {
    const parts = await openTokens();
    const kid = await kidOf(parts);
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = await exportJWK(publicKey);
    const claims = decodeJwt((await issue(parts)).token);
    for (const header of [
      { jwk, kid },
      { jwk: { ...jwk, kid } },
      { jku: "https://evil.example/jwks", kid },
      { x5u: "https://evil.example/chain", kid },
    ])
      await expectInvalid(
        parts,
        await new SignJWT(claims).setProtectedHeader({ typ: "JWT", alg: "ES256", ...header }).sign(privateKey),
      );
  });

  test("of RSA, signed for a key of the registry", async () => {
    const parts = await openTokens();
    const kid = await kidOf(parts);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const claims = decodeJwt((await issue(parts)).token);
    await expectInvalid(
      parts,
      await new SignJWT(claims).setProtectedHeader({ typ: "JWT", alg: "RS256", kid }).sign(privateKey),
    );
  });
});
