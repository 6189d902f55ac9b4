import { describe } from "bun:test";

import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { contentOf, descriptorOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushManifest } from "../support/push-content.ts";
import { clientWith } from "./registry.ts";
import { testRows } from "./rows.ts";
import { ABSENT, CONFIG, IMAGE, INDEX, pushSample } from "./sample.ts";

const TAGS = ["1", "10", "2", "A", "a", "b"];
const REPOSITORIES = ["a", "a-b", "a/b", "a/b/c", "b"];
const ATTACHED = imageManifest({
  config: CONFIG,
  layers: [],
  more: { subject: descriptorOf(IMAGE, OCI_IMAGE_MANIFEST), artifactType: "application/sbom", annotations: { k: "v" } },
});
const OTHER = imageManifest({
  config: CONFIG,
  layers: [],
  more: { subject: descriptorOf(IMAGE, OCI_IMAGE_MANIFEST), artifactType: "application/signature+json" },
});

const http = clientWith({}, async (http) => {
  for (const name of REPOSITORIES) await pushSample(http, name);
  for (const reference of TAGS.toReversed()) await pushManifest(http, { repository: "b", reference, content: IMAGE });
  for (const reference of ["latest", "multi"]) await http.delete(`/v2/b/manifests/${reference}`);
  for (const content of [ATTACHED, OTHER])
    await pushManifest(http, { repository: "a", reference: content.digest, content });
});

const json = { "content-type": "application/json", link: null };
const next = (target: string) => ({ "content-type": "application/json", link: `<${target}>; rel="next"` });

describe("GET of the tags of a repository", () => {
  const all = { name: "b", tags: TAGS };
  testRows(http, [
    { about: "with slash", ask: "GET /v2/b/tags/list/", status: 200, json: all },
    {
      about: "gives a page",
      ask: "GET /v2/b/tags/list?n=2",
      status: 200,
      answers: next("/v2/b/tags/list?n=2&last=10"),
      json: { name: "b", tags: ["1", "10"] },
    },
    {
      about: "gives the page after it",
      ask: "GET /v2/b/tags/list?n=2&last=10",
      status: 200,
      answers: next("/v2/b/tags/list?n=2&last=A"),
      json: { name: "b", tags: ["2", "A"] },
    },
    {
      about: "keeps what else was asked",
      ask: "GET /v2/b/tags/list?ns=docker.io&n=1",
      status: 200,
      answers: next("/v2/b/tags/list?ns=docker.io&n=1&last=1"),
    },
    {
      about: "of a huge number",
      ask: `GET /v2/b/tags/list?n=${"9".repeat(30)}`,
      status: 200,
      answers: json,
      json: all,
    },
    { about: "of a negative number", ask: "GET /v2/b/tags/list?n=-1", status: 400, code: "PAGINATION_NUMBER_INVALID" },
    { about: "of no number", ask: "GET /v2/b/tags/list?n=all", status: 400, code: "PAGINATION_NUMBER_INVALID" },
    { about: "of no repository", ask: "GET /v2/nobody/tags/list", status: 404, code: "NAME_UNKNOWN" },
    { about: "of no repository, none of them", ask: "GET /v2/nobody/tags/list?n=0", status: 404, code: "NAME_UNKNOWN" },
    { about: "in upper case", ask: "GET /v2/B/tags/list", status: 400, code: "NAME_INVALID" },
    {
      about: "when all are gone",
      given: async (http, repository) => {
        await pushSample(http, repository);
        for (const { digest } of [IMAGE, INDEX]) await http.delete(`/v2/${repository}/manifests/${digest}`);
      },
      ask: "GET /v2/{repo}/tags/list",
      status: 200,
      json: { name: "{repo}", tags: [] },
    },
    {
      about: "takes nothing",
      ask: "PUT /v2/b/tags/list",
      body: "x",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow: "GET" },
    },
    {
      about: "deletes nothing",
      ask: "DELETE /v2/b/tags/list",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow: "GET" },
    },
  ]);
});

describe("GET of the catalog", () => {
  const fresh = clientWith();
  const five = clientWith({}, async (http) => {
    for (const name of REPOSITORIES.toReversed()) await pushSample(http, name);
    await pushBlob(http, "no-manifest", CONFIG);
  });
  const page = (...repositories: readonly string[]) => ({ repositories });
  testRows(fresh, [
    { about: "of an empty registry", ask: "GET /v2/_catalog", status: 200, answers: json, json: page() },
  ]);
  testRows(five, [
    {
      about: "gives all in the order of their bytes",
      ask: "GET /v2/_catalog",
      status: 200,
      answers: json,
      json: page(...REPOSITORIES),
    },
    {
      about: "gives a page",
      ask: "GET /v2/_catalog?n=2",
      status: 200,
      answers: next("/v2/_catalog?n=2&last=a-b"),
      json: page("a", "a-b"),
    },
    {
      about: "gives the page after it",
      ask: "GET /v2/_catalog?n=2&last=a-b",
      status: 200,
      answers: next("/v2/_catalog?n=2&last=a%2Fb%2Fc"),
      json: page("a/b", "a/b/c"),
    },
    {
      about: "gives the last page",
      ask: "GET /v2/_catalog?n=2&last=a%2Fb%2Fc",
      status: 200,
      answers: json,
      json: page("b"),
    },
    { about: "of nothing", ask: "GET /v2/_catalog?n=0", status: 200, answers: json, json: page() },
    {
      about: "of a huge number",
      ask: "GET /v2/_catalog?n=100000",
      status: 200,
      answers: json,
      json: page(...REPOSITORIES),
    },
    { about: "of a negative number", ask: "GET /v2/_catalog?n=-5", status: 400, code: "PAGINATION_NUMBER_INVALID" },
    {
      about: "after what was never there",
      ask: "GET /v2/_catalog?last=a.x",
      status: 200,
      json: page("a/b", "a/b/c", "b"),
    },
    { about: "takes nothing", ask: "POST /v2/_catalog", status: 405, code: "UNSUPPORTED", answers: { allow: "GET" } },
  ]);
});

describe("GET of referrers", () => {
  const path = `/v2/a/referrers/${IMAGE.digest}`;
  const index = { "content-type": OCI_IMAGE_INDEX, link: null, "oci-filters-applied": null };
  const list = (...manifests: readonly object[]) => ({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests });
  const sbom = descriptorOf(ATTACHED, OCI_IMAGE_MANIFEST, {
    artifactType: "application/sbom",
    annotations: { k: "v" },
  });
  const signature = descriptorOf(OTHER, OCI_IMAGE_MANIFEST, { artifactType: "application/signature+json" });
  const sorted = ATTACHED.digest < OTHER.digest ? [sbom, signature] : [signature, sbom];
  const [firstDigest] = [ATTACHED.digest, OTHER.digest].toSorted();
  testRows(http, [
    { about: "gives all", ask: `GET ${path}`, status: 200, answers: index, json: list(...sorted) },
    {
      about: "gives those of a type",
      ask: `GET ${path}?artifactType=application/sbom`,
      status: 200,
      answers: { "oci-filters-applied": "artifactType" },
      json: list(sbom),
    },
    {
      about: "gives those of a type with a plus",
      ask: `GET ${path}?artifactType=application%2Fsignature%2Bjson`,
      status: 200,
      json: list(signature),
    },
    {
      about: "gives none of an absent type",
      ask: `GET ${path}?artifactType=application/absent`,
      status: 200,
      answers: { "oci-filters-applied": "artifactType" },
      json: list(),
    },
    {
      about: "gives all of no type",
      ask: `GET ${path}?artifactType=`,
      status: 200,
      answers: index,
      json: list(...sorted),
    },
    {
      about: "gives a page",
      ask: `GET ${path}?n=1`,
      status: 200,
      answers: { link: `<${path}?n=1&last=${encodeURIComponent(firstDigest ?? "")}>; rel="next"` },
      json: list(...sorted.slice(0, 1)),
    },
    {
      about: "gives the last page",
      ask: `GET ${path}?n=1&last=${firstDigest ?? ""}`,
      status: 200,
      answers: { link: null },
      json: list(...sorted.slice(1)),
    },
    {
      about: "of what has none",
      ask: `GET /v2/a/referrers/${INDEX.digest}`,
      status: 200,
      answers: index,
      json: list(),
    },
    { about: "of what is absent", ask: `GET /v2/a/referrers/${ABSENT}`, status: 200, json: list() },
    { about: "of no repository", ask: `GET /v2/nobody/referrers/${IMAGE.digest}`, status: 200, json: list() },
    { about: "of a tag", ask: "GET /v2/a/referrers/latest", status: 400, code: "DIGEST_INVALID" },
    { about: "in upper case", ask: `GET /v2/A/referrers/${IMAGE.digest}`, status: 400, code: "NAME_INVALID" },
    {
      about: "takes nothing",
      ask: `PUT ${path}`,
      body: "x",
      status: 405,
      code: "UNSUPPORTED",
      answers: { allow: "GET" },
    },
  ]);

  const one = imageManifest({
    config: CONFIG,
    layers: [],
    more: { subject: descriptorOf(contentOf("s"), OCI_IMAGE_MANIFEST) },
  });
  testRows(http, [
    {
      about: "forgets what is deleted",
      given: async (http, repository) => {
        await pushBlob(http, repository, CONFIG);
        await pushManifest(http, { repository, reference: one.digest, content: one });
        await http.delete(`/v2/${repository}/manifests/${one.digest}`);
      },
      ask: `GET /v2/{repo}/referrers/${contentOf("s").digest}`,
      status: 200,
      json: list(),
    },
  ]);
});
