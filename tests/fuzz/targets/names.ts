import { deepEqual, equal, ok } from "node:assert/strict";
import { join, normalize } from "node:path";
import fc from "fast-check";

import { matchRoute, type Route } from "../../../src/http/v2/match-route.ts";
import {
  algorithmOf,
  digestFromHex,
  hexOf,
  isDigest,
  isRepositoryName,
  isTag,
  parseDigest,
  parseReference,
  parseRepositoryName,
  referenceText,
} from "../../../src/oci/index.ts";
import { blobKeyOf } from "../../../src/registry/storage-keys.ts";
import { StorageError } from "../../../src/storage/index.ts";
import { isStorageKey, parseStorageKey, parseStoragePrefix } from "../../../src/storage/storage-key.ts";
import { unfinishedKeyOf } from "../../../src/storage/unfinished.ts";
import { DIGEST, HEX_512, PATHS, REFERENCES, REPOSITORY_NAMES, UPLOAD_ID } from "../corpus/texts.ts";
import { outcomeOf, registryOutcomeOf } from "../engine/expectations.ts";
import type { FuzzTarget } from "../engine/target.ts";

/** As the specification words it, beside the parser's expression: parts of letters and digits, and what may part them. */
function isNameBySpecification(text: string): boolean {
  const isComponent = (component: string) => {
    const separators = component.split(/[a-z0-9]+/);
    const isSeparator = (between: string) => [".", "_", "__"].includes(between) || /^-+$/.test(between);
    return (
      separators.length > 1 &&
      separators.at(0) === "" &&
      separators.at(-1) === "" &&
      separators.slice(1, -1).every(isSeparator)
    );
  };
  return text.length <= 255 && text.split("/").every(isComponent);
}

/** Wherever the root of a storage is, the path stays below it and is the one that was written. */
function requireInside(path: string): void {
  equal(normalize(path), path);
  const whole = join("/srv/registry", path);
  ok(whole.startsWith("/srv/registry/"), `${whole} leaves the root`);
  ok(!path.includes("\0"));
}

const component = fc.stringMatching(/^[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,3}){0,3}$/);

export const repositoryNames: FuzzTarget = {
  name: "names",
  corpus: REPOSITORY_NAMES,
  grammar: fc.array(component, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/")),
  words: ["/", "_", "__", "___", ".", "..", "-", "--", "a", "0", "A", "\n"],
  testInputs: 40_000,
  check(text) {
    const outcome = registryOutcomeOf(() => parseRepositoryName(text), "name-invalid");
    equal(outcome.isAccepted, isNameBySpecification(text));
    equal(isRepositoryName(text), outcome.isAccepted);
    if (!outcome.isAccepted) return;
    equal(outcome.value, text);
    requireInside(parseStorageKey(`docker/registry/v2/repositories/${text}/_manifests`));
    deepEqual(matchRoute(`/v2/${text}/tags/list`), { kind: "tags", name: text });
    deepEqual(matchRoute(`/v2/${text}/manifests/a`), { kind: "manifest", name: text, reference: "a" });
    deepEqual(matchRoute(`/v2/${text}/blobs/uploads/`), { kind: "uploads", name: text });
    equal(new URL(`http://a/v2/${text}/tags/list`).pathname, `/v2/${text}/tags/list`);
  },
};

/** @spec OCI image-spec, "Digests", "Registered Algorithms"; distribution-spec, grammar of `<reference>` */
const LETTERS_OF_TAGS = new Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
const isHex = (text: string) => Array.from(text).every((character) => "0123456789abcdef".includes(character));

function isDigestBySpecification(text: string): boolean {
  const [algorithm, hex = "", ...more] = text.split(":");
  const length = { sha256: 64, sha512: 128 }[algorithm ?? ""];
  return more.length === 0 && hex.length === length && isHex(hex);
}

function isTagBySpecification(text: string): boolean {
  const isLettersOnly = Array.from(text).every((character) => LETTERS_OF_TAGS.has(character));
  return text.length > 0 && text.length <= 128 && isLettersOnly && !".-".includes(text.charAt(0));
}

export const references: FuzzTarget = {
  name: "references",
  corpus: REFERENCES,
  grammar: fc.oneof(
    fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/),
    fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
  ),
  words: ["sha256:", "sha512:", ":", "@", HEX_512, "a", "F", "\n", "٠"],
  testInputs: 20_000,
  check(text) {
    const outcome = registryOutcomeOf(() => parseReference(text), "tag-invalid", "digest-invalid");
    const expected = isDigestBySpecification(text) ? "digest" : isTagBySpecification(text) ? "tag" : undefined;
    equal(outcome.isAccepted ? outcome.value.kind : undefined, expected);
    equal(isDigest(text), expected === "digest");
    equal(isTag(text), expected === "tag");
    if (outcome.isAccepted) equal(referenceText(outcome.value), text);
    checkDigest(text);
  },
};

function checkDigest(text: string): void {
  const outcome = registryOutcomeOf(() => parseDigest(text), "digest-invalid");
  if (!outcome.isAccepted) return;
  equal(digestFromHex(algorithmOf(outcome.value), hexOf(outcome.value)), text);
  requireInside(blobKeyOf(outcome.value));
}

export const routes: FuzzTarget = {
  name: "routes",
  corpus: PATHS,
  words: [
    "/v2/",
    "/manifests/",
    "/blobs/",
    "/blobs/uploads/",
    "/tags/list",
    "/referrers/",
    "/",
    "..",
    "_catalog",
    "%2f",
    "?",
  ],
  testInputs: 40_000,
  check(path) {
    const route = matchRoute(path);
    equal(route?.kind, kindByParts(path));
    if (route === undefined) return;
    const { pathname, parts } = routeAsWritten(route);
    ok([pathname, `${pathname}/`].includes(path), `${path} was read as ${pathname}`);
    for (const part of parts) ok(!part.includes("/"), `${part} is several parts`);
    if (!("name" in route)) return;
    ok(route.name !== "");
    if (isRepositoryName(route.name))
      ok(!route.name.split("/").some((part) => part === "" || part === "." || part === ".."));
  },
};

/** Which route a path is by its parts from the right, as the protocol's documents list them. */
function kindByParts(path: string): Route["kind"] | undefined {
  if (path === "/v2" || path === "/v2/") return "base";
  if (path === "/v2/_catalog") return "catalog";
  if (path === "/v2/_oci/ext/discover") return "extensions";
  const [root, version, ...parts] = path.replace(/\/$/, "").split("/");
  const [third = "", verb = "", last = ""] = parts.slice(-3);
  // At least a name, a verb and what is asked for; the name may be anything here, but not nothing.
  if (root !== "" || version !== "v2" || parts.length < 3 || (parts.length === 3 && third === "")) return undefined;
  if (verb === "manifests") return "manifest";
  if (verb === "blobs") return last === "uploads" ? "uploads" : "blob";
  if (verb === "uploads" && third === "blobs")
    return parts.length > 4 || (parts.length === 4 && parts[0] !== "") ? "upload" : undefined;
  if (verb === "tags" && last === "list") return "tags";
  return verb === "referrers" ? "referrers" : undefined;
}

/** The path that a route stands for, and those of its parts that are one part of a path. */
function routeAsWritten(route: Route): { readonly pathname: string; readonly parts: readonly string[] } {
  if (route.kind === "base") return { pathname: "/v2", parts: [] };
  if (route.kind === "catalog") return { pathname: "/v2/_catalog", parts: [] };
  if (route.kind === "extensions") return { pathname: "/v2/_oci/ext/discover", parts: [] };
  const [rest, ...parts] = restOf(route);
  return { pathname: [`/v2/${route.name}/${rest}`, ...parts].join("/"), parts };
}

function restOf(route: Exclude<Route, { kind: "base" | "catalog" | "extensions" }>): readonly [string, ...string[]] {
  if (route.kind === "tags") return ["tags/list"];
  if (route.kind === "uploads") return ["blobs/uploads"];
  if (route.kind === "upload") return ["blobs/uploads", route.id];
  if (route.kind === "manifest") return ["manifests", route.reference];
  return [route.kind === "blob" ? "blobs" : "referrers", route.digest];
}

const isBadKey = (error: unknown): error is StorageError =>
  error instanceof StorageError && error.reason === "invalid-key";

export const storageKeys: FuzzTarget = {
  name: "storage-keys",
  corpus: [
    `docker/registry/v2/blobs/sha256/6b/${DIGEST.slice(7)}/data`,
    `berth/uploads/${UPLOAD_ID}`,
    `berth/quarantine/${DIGEST}`,
    UPLOAD_ID,
    "a",
    `${"a".repeat(255)}/${"é".repeat(127)}`,
    "../../etc/passwd",
    "/etc/passwd",
    "a/./b/",
  ],
  words: ["/", "//", ".", "..", "/../", "\\", "\0", "é", "\ud800", "%2e%2e"],
  testInputs: 40_000,
  check(text) {
    const outcome = outcomeOf(() => parseStorageKey(text), isBadKey);
    equal(isStorageKey(text), outcome.isAccepted);
    if (outcome.isAccepted) requireKey(text);
    const prefix = outcomeOf(() => parseStoragePrefix(text), isBadKey);
    if (prefix.isAccepted && text !== "") requireKey(text.slice(0, -1));
    const unfinished = outcomeOf(() => unfinishedKeyOf(text), isBadKey);
    if (unfinished.isAccepted) equal(unfinished.value.split("/").length, 3);
    if (unfinished.isAccepted) requireKey(unfinished.value);
  },
};

function requireKey(key: string): void {
  requireInside(key);
  equal(Buffer.from(key).toString(), key);
  ok(Buffer.byteLength(key) <= 1024 && key.split("/").every((part) => Buffer.byteLength(part) <= 255));
}
