import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { matchRoute, type Route } from "../../../../src/http/v2/match-route.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

const ROUTES: readonly (readonly [path: string, route: Route])[] = [
  ["/v2/", { kind: "base" }],
  ["/v2", { kind: "base" }],
  ["/v2/_catalog", { kind: "catalog" }],
  ["/v2/a/tags/list", { kind: "tags", name: "a" }],
  ["/v2/a/tags/list/", { kind: "tags", name: "a" }],
  ["/v2/a/b/c/tags/list", { kind: "tags", name: "a/b/c" }],
  ["/v2/a/manifests/latest", { kind: "manifest", name: "a", reference: "latest" }],
  [`/v2/a/manifests/${DIGEST}`, { kind: "manifest", name: "a", reference: DIGEST }],
  [`/v2/a/blobs/${DIGEST}`, { kind: "blob", name: "a", digest: DIGEST }],
  ["/v2/a/blobs/uploads/", { kind: "uploads", name: "a" }],
  ["/v2/a/blobs/uploads", { kind: "uploads", name: "a" }],
  ["/v2/a/blobs/uploads/1-2-3", { kind: "upload", name: "a", id: "1-2-3" }],
  ["/v2/a/blobs/uploads/1-2-3/", { kind: "upload", name: "a", id: "1-2-3" }],
  [`/v2/a/referrers/${DIGEST}`, { kind: "referrers", name: "a", digest: DIGEST }],
  // Repositories that are called like parts of the interface.
  ["/v2/a/blobs/b/manifests/latest", { kind: "manifest", name: "a/blobs/b", reference: "latest" }],
  [`/v2/a/blobs/b/blobs/${DIGEST}`, { kind: "blob", name: "a/blobs/b", digest: DIGEST }],
  ["/v2/a/blobs/b/blobs/uploads/", { kind: "uploads", name: "a/blobs/b" }],
  ["/v2/a/blobs/b/blobs/uploads/1", { kind: "upload", name: "a/blobs/b", id: "1" }],
  ["/v2/x/manifests/tags/list", { kind: "tags", name: "x/manifests" }],
  ["/v2/x/manifests/manifests/latest", { kind: "manifest", name: "x/manifests", reference: "latest" }],
  ["/v2/x/manifests/blobs/uploads/1", { kind: "upload", name: "x/manifests", id: "1" }],
  ["/v2/x/tags/list/tags/list", { kind: "tags", name: "x/tags/list" }],
  ["/v2/x/tags/manifests/list", { kind: "manifest", name: "x/tags", reference: "list" }],
  ["/v2/x/blobs/uploads/manifests/latest", { kind: "manifest", name: "x/blobs/uploads", reference: "latest" }],
  ["/v2/x/blobs/uploads/blobs/uploads/", { kind: "uploads", name: "x/blobs/uploads" }],
  ["/v2/x/blobs/uploads/blobs/uploads/9", { kind: "upload", name: "x/blobs/uploads", id: "9" }],
  ["/v2/uploads/blobs/uploads/9", { kind: "upload", name: "uploads", id: "9" }],
  ["/v2/manifests/manifests/manifests", { kind: "manifest", name: "manifests", reference: "manifests" }],
  ["/v2/blobs/blobs/uploads/", { kind: "uploads", name: "blobs" }],
  [`/v2/referrers/referrers/${DIGEST}`, { kind: "referrers", name: "referrers", digest: DIGEST }],
  ["/v2/v2/tags/list", { kind: "tags", name: "v2" }],
  ["/v2/_catalog/tags/list", { kind: "tags", name: "_catalog" }],
  // Parts come as they were sent: whether they are valid is decided where they are parsed.
  ["/v2/A/manifests/-x", { kind: "manifest", name: "A", reference: "-x" }],
  ["/v2/a/../b/manifests/x", { kind: "manifest", name: "a/../b", reference: "x" }],
  ["/v2//a/manifests/x", { kind: "manifest", name: "/a", reference: "x" }],
  ["/v2/a//manifests/x", { kind: "manifest", name: "a/", reference: "x" }],
  ["/v2/a\0/manifests/x", { kind: "manifest", name: "a\0", reference: "x" }],
  ["/v2/a/blobs/uploads/..", { kind: "upload", name: "a", id: ".." }],
];

const NO_ROUTES = [
  "",
  "/",
  "/v1/",
  "/v1/search",
  "/v20/",
  "/V2/",
  "v2/",
  "//v2/",
  "/x/v2/",
  "/v2//",
  "/v2/a",
  "/v2/a/",
  "/v2/_catalog/",
  "/v2/_catalog/x",
  "/v2/tags/list",
  "/v2/manifests/latest",
  `/v2/blobs/${DIGEST}`,
  "/v2/blobs/uploads/",
  "/v2/blobs/uploads/1",
  `/v2/referrers/${DIGEST}`,
  "/v2/a/tags",
  "/v2/a/tags/",
  "/v2/a/tags/other",
  "/v2/a/manifests",
  "/v2/a/blobs",
  "/v2/a/Manifests/latest",
  "/v2/a/uploads/1",
  "/v2/a/unknown/x",
  "/v2/a/blobs/uploads/1/2",
];

describe("a path of the registry interface", () => {
  test.each(ROUTES)("%s", (path, route) => expect(matchRoute(path)).toEqual(route));
});

describe("no path of the registry interface", () => {
  test.each(NO_ROUTES)("%j", (path) => expect(matchRoute(path)).toBeUndefined());
});

describe("every repository name", () => {
  const word = fc.constantFrom("a", "b.c", "blobs", "uploads", "manifests", "tags", "list", "referrers", "v2");
  const name = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join("/"));
  const tag = fc.constantFrom("latest", "list", "uploads", "blobs", "manifests", "tags");
  const id = fc.stringMatching(/^[a-zA-Z0-9-]{1,40}$/);

  test("is found whole in front of each resource", () => {
    fc.assert(
      fc.property(name, tag, id, (name, tag, id) => {
        expect(matchRoute(`/v2/${name}/manifests/${tag}`)).toEqual({ kind: "manifest", name, reference: tag });
        expect(matchRoute(`/v2/${name}/blobs/${DIGEST}`)).toEqual({ kind: "blob", name, digest: DIGEST });
        expect(matchRoute(`/v2/${name}/referrers/${DIGEST}`)).toEqual({ kind: "referrers", name, digest: DIGEST });
        expect(matchRoute(`/v2/${name}/tags/list`)).toEqual({ kind: "tags", name });
        expect(matchRoute(`/v2/${name}/blobs/uploads/`)).toEqual({ kind: "uploads", name });
        expect(matchRoute(`/v2/${name}/blobs/uploads/${id}`)).toEqual({ kind: "upload", name, id });
      }),
    );
  });
});

test("any text below /v2/ is a route or none, and a route's name is never empty", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom("v2", "blobs", "uploads", "manifests", "tags", "list", "tags/list", "blobs/uploads", ""),
  );
  let matched = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const route = matchRoute(`/v2/${pieces.join("/")}`);
      if (!route || !("name" in route)) return;
      matched += 1;
      expect(route.name).not.toBe("");
    }),
    { numRuns: 1000 },
  );
  expect(matched).toBeGreaterThan(50);
});
