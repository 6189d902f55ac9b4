import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";

import { type BasicCredentials, parseBasicCredentials } from "../../../src/auth/basic-credentials.ts";
import { bcryptCostOf, parseHtpasswd } from "../../../src/auth/htpasswd/parse-htpasswd.ts";
import { headersOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

export const authorization: FuzzTarget = {
  name: "authorization",
  corpus: [
    basic("alice:secret"),
    basic("alice:"),
    basic("alice:a:b:c"),
    basic("ålice:пароль 😀"),
    basic("<token>:eyJhbGciOiJSUzI1NiJ9"),
    basic(":"),
    basic("alice"),
    "basic    YTpi  ",
    "Basic YTpi====",
    "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    "Basic",
    'Digest username="a"',
  ],
  grammar: fc.tuple(fc.string({ unit: "binary" }), fc.string()).map(([name, password]) => basic(`${name}:${password}`)),
  words: ["Basic ", "basic", " ", "=", "==", "-", "_", "Og==", "/w==", "\t", ","],
  maxLength: 8192,
  testInputs: 40_000,
  check(text) {
    const header = headersOf({ authorization: text })?.get("authorization");
    if (header === undefined || header === null) return;
    const credentials = parseBasicCredentials(header);
    deepEqual(credentials, decodedByHand(header));
    if (credentials === undefined) return;
    ok(credentials.username !== "" && !credentials.username.includes(":"));
    const again = basic(`${credentials.username}:${credentials.password}`);
    if (again.length <= 16_384) deepEqual(parseBasicCredentials(again), credentials);
  },
};

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 7617 and RFC 4648 as they read, bit by bit; more than 16,384 characters are no login. */
function decodedByHand(header: string): BasicCredentials | undefined {
  const [scheme = "", ...words] = header.split(" ").filter((word) => word !== "");
  const digits = words.join(" ").replace(/=+$/, "");
  const isBase64 = digits !== "" && Array.from(digits).every((digit) => ALPHABET.includes(digit));
  if (header.length > 16_384 || scheme.toLowerCase() !== "basic" || header.startsWith(" ") || !isBase64)
    return undefined;
  const bits = Array.from(digits)
    .map((digit) => ALPHABET.indexOf(digit).toString(2).padStart(6, "0"))
    .join("");
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const decoded = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
  const [username = "", ...password] = decoded.split(":");
  return username === "" || password.length === 0 ? undefined : { username, password: password.join(":") };
}

const HASH = "$2y$04$PpK1ZQTbbEr0Z1Nmgx2vheMAEtGCwCEsYWhDMKS1DfpRfyb1vsZWK";
const OTHER_HASH = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

export const htpasswd: FuzzTarget = {
  name: "htpasswd",
  corpus: [
    `alice:${HASH}\n`,
    `# people\r\nalice:${HASH}\r\n\r\nbob:${OTHER_HASH}\r\n`,
    `alice:${HASH}\nalice:${OTHER_HASH}`,
    "carol:$apr1$9hUTBSr8$Mhh3Lb3O4wxL7pAaXzOSn1\ndave:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nplain:text\n",
    "no colon\n:no user\n",
  ],
  words: [HASH, OTHER_HASH, ":", "\n", "\r\n", "#", "$2a$", "$31$", "$32$", "$00$", "$99$", "\ufeff"],
  maxLength: 32_768,
  testInputs: 20_000,
  check(text) {
    const { entries, problems } = parseHtpasswd(text);
    const lines = text.split("\n").map((line) => line.trim());
    const inUse = lines.filter((line) => line !== "" && !line.startsWith("#"));
    ok(entries.size + problems.length <= inUse.length);
    ok(entries.size > 0 || problems.length === inUse.length);
    for (const problem of problems) ok(/^line \d+/.test(problem) && !/[$]2|[^\x20-\x7e]/.test(problem), problem);
    for (const [user, hash] of entries) {
      ok(inUse.includes(`${user}:${hash}`) && user !== "" && !user.includes(":"));
      checkHash(hash);
    }
  },
};

const verifiable = new Set<string>();

/** A hash that was taken must be one that a login can be tried with. */
function checkHash(hash: string): void {
  const cost = bcryptCostOf(hash);
  ok(cost >= 4 && cost <= 31, `${hash} has the work factor ${cost}`);
  // With the least work, for what is wrong with a hash is found whatever its work factor.
  const cheap = `${hash.slice(0, 4)}04${hash.slice(6)}`;
  if (verifiable.has(cheap)) return;
  verifiable.add(cheap);
  equal(typeof Bun.password.verifySync("secret", cheap), "boolean");
}
