import { describe } from "bun:test";

import type { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { octetStream, pushBlob, pushManifest, startUpload, withQuery } from "../support/push-content.ts";
import { clientWith } from "./registry.ts";
import { testRows } from "./rows.ts";
import { CONFIG, IMAGE, LAYER, pushSample } from "./sample.ts";

const names = (count: number) => Array.from({ length: count }, (_, index) => `r${String(index).padStart(3, "0")}`);

describe("catalog.maxentries", () => {
  const http = clientWith({ config: { catalog: { maxentries: 3 } } }, async (http) => {
    for (const name of names(5)) await pushSample(http, name);
  });
  const three = { repositories: names(3) };
  testRows(http, [
    {
      about: "is the page of who asks for none",
      ask: "GET /v2/_catalog",
      status: 200,
      answers: { link: '</v2/_catalog?last=r002&n=3>; rel="next"' },
      json: three,
    },
    {
      about: "is the page of who asks for more",
      ask: "GET /v2/_catalog?n=50",
      status: 200,
      answers: { link: '</v2/_catalog?n=3&last=r002>; rel="next"' },
      json: three,
    },
    {
      about: "is not the page of who asks for less",
      ask: "GET /v2/_catalog?n=2",
      status: 200,
      json: { repositories: names(2) },
    },
    {
      about: "lets the rest follow",
      ask: "GET /v2/_catalog?n=3&last=r002",
      status: 200,
      answers: { link: null },
      json: { repositories: ["r003", "r004"] },
    },
  ]);
});

describe("the catalog without a limit of its own", () => {
  const http = clientWith({}, async (http) => {
    await Promise.all(names(105).map((name) => pushSample(http, name)));
  });
  testRows(http, [
    {
      about: "gives 100",
      ask: "GET /v2/_catalog",
      status: 200,
      answers: { link: '</v2/_catalog?last=r099&n=100>; rel="next"' },
      json: { repositories: names(100) },
    },
    {
      about: "gives more when asked",
      ask: "GET /v2/_catalog?n=1000",
      status: 200,
      answers: { link: null },
      json: { repositories: names(105) },
    },
  ]);
});

describe("tags.maxtags", () => {
  const http = clientWith({ config: { tags: { maxtags: 3 } } }, async (http) => {
    await pushBlob(http, "app", CONFIG);
    await pushBlob(http, "app", LAYER);
    for (const reference of names(5)) await pushManifest(http, { repository: "app", reference, content: IMAGE });
  });
  testRows(http, [
    {
      about: "is the page of who asks for more",
      ask: "GET /v2/app/tags/list?n=50",
      status: 200,
      answers: { link: '</v2/app/tags/list?n=3&last=r002>; rel="next"' },
      json: { name: "app", tags: names(3) },
    },
    {
      about: "is not the page of who asks for less",
      ask: "GET /v2/app/tags/list?n=2",
      status: 200,
      json: { name: "app", tags: names(2) },
    },
    {
      about: "is nothing to who asks for all",
      ask: "GET /v2/app/tags/list",
      status: 200,
      answers: { link: null },
      json: { name: "app", tags: names(5) },
    },
  ]);
});

describe("http.limits.maxblobbytes", () => {
  const http = clientWith({ config: { http: { limits: { maxblobbytes: "1KiB" } } } });
  const whole = contentOf("x".repeat(1024));
  const tooLarge = contentOf("x".repeat(1025));
  const refused = { status: 413, code: "SIZE_INVALID" } as const;
  const half = async (http: HttpClient, repository: string) => {
    const url = await startUpload(http, repository);
    await http.patch(url, { body: whole.bytes.slice(0, 512), headers: octetStream });
    return url;
  };
  testRows(http, [
    {
      about: "is a size that is taken",
      ask: `POST /v2/{repo}/blobs/uploads/?digest=${whole.digest}`,
      body: whole.bytes,
      status: 201,
    },
    {
      about: "holds for a POST",
      ask: `POST /v2/{repo}/blobs/uploads/?digest=${tooLarge.digest}`,
      body: tooLarge.bytes,
      ...refused,
    },
    {
      about: "holds for a PATCH",
      given: startUpload,
      ask: (url) => `PATCH ${String(url)}`,
      body: tooLarge.bytes,
      ...refused,
    },
    {
      about: "holds for the PATCH that is too much",
      given: half,
      ask: (url) => `PATCH ${String(url)}`,
      body: tooLarge.bytes.slice(0, 513),
      ...refused,
    },
    {
      about: "holds for a PUT",
      given: startUpload,
      ask: (url) => `PUT ${withQuery(String(url), { digest: tooLarge.digest })}`,
      body: tooLarge.bytes,
      ...refused,
    },
    {
      about: "holds for the PUT that is too much",
      given: half,
      ask: (url) => `PUT ${withQuery(String(url), { digest: tooLarge.digest })}`,
      body: tooLarge.bytes.slice(512),
      ...refused,
    },
    {
      about: "lets the rest come after a PATCH",
      given: half,
      ask: (url) => `PUT ${withQuery(String(url), { digest: whole.digest })}`,
      body: whole.bytes.slice(512),
      status: 201,
    },
  ]);
});
