import { beforeAll, describe, expect, test } from "bun:test";

import { locationIn, pushBlob, pushImage, pushManifest } from "../support/push-content.ts";
import { contentOf } from "../support/oci-content.ts";
import { newRepository, registryUnderTest } from "./registry-under-test.ts";

const registry = registryUnderTest();
const repository = newRepository();
/** In the order of their bytes. */
const tags = ["1.10", "1.9", "A", "Z", "_x", "a", "a-b", "a.b", "a_b", "b", "z"];

beforeAll(async () => {
  const { manifest } = await pushImage(registry(), repository, "b");
  for (const tag of tags.toReversed())
    await pushManifest(registry(), { repository, reference: tag, content: manifest });
});

interface Page {
  readonly status: number;
  readonly tags: readonly string[];
  readonly link: string | null;
}

async function list(query = "", name = repository): Promise<Page> {
  const answer = await registry().get(`/v2/${name}/tags/list${query}`);
  const link = answer.headers.get("link");
  const body = answer.status === 200 ? (answer.json() as { name: string; tags: string[] }) : undefined;
  if (body) expect(body.name).toBe(name);
  return { status: answer.status, tags: body?.tags ?? [], link };
}

describe("listing tags", () => {
  test("end-8a: Assuming a repository is found, this request MUST return a 200 OK response code and a JSON body with name and tags", async () => {
    const answer = await registry().get(`/v2/${repository}/tags/list`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toStartWith("application/json");
    expect(answer.json()).toMatchObject({ name: repository, tags: expect.any(Array) as unknown[] });
  });

  test("end-8a: The tags MUST be in lexical or ASCIIbetical order", async () => {
    expect((await list()).tags).toEqual(tags);
  });

  test("end-8a: A repository that is not found is 404 Not Found", async () => {
    expect((await list("", newRepository())).status).toBe(404);
  });

  test("end-8a: The list of tags MAY be empty if there are no tags on the repository", async () => {
    const name = newRepository();
    await pushImage(registry(), name);
    const answer = await registry().get(`/v2/${name}/tags/list`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ name, tags: [] });
  });

  test("end-8a: A repository that has blobs alone may be listed or not found", async () => {
    const name = newRepository();
    await pushBlob(registry(), name, contentOf("blob"));
    expect([200, 404]).toContain((await list("", name)).status);
  });
});

describe("pages of tags", () => {
  test("end-8b: The response MUST include n results, or fewer with a Link header or at the end", async () => {
    expect((await list("?n=3")).tags).toEqual(tags.slice(0, 3));
    expect((await list(`?n=${tags.length}`)).tags).toEqual(tags);
    expect((await list("?n=500")).tags).toEqual(tags);
  });

  test("end-8b: When n is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header", async () => {
    expect(await list("?n=0")).toEqual({ status: 200, tags: [], link: null });
  });

  test("end-8b: last will not be included in the results, but up to n tags after it will be returned", async () => {
    expect((await list("?n=3&last=A")).tags).toEqual(["Z", "_x", "a"]);
    expect((await list("?n=3&last=b")).tags).toEqual(["z"]);
    expect((await list("?n=3&last=z")).tags).toEqual([]);
  });

  test("end-8b: When using the last query parameter, the n parameter is OPTIONAL", async () => {
    expect((await list("?last=a_b")).tags).toEqual(["b", "z"]);
  });

  test("end-8b: last need not be a tag of the repository", async () => {
    expect((await list("?n=2&last=a.a")).tags).toEqual(["a.b", "a_b"]);
  });

  test('end-8b: The Link header MUST be set according to RFC5988 with the Relation Type rel="next", and leads through all tags', async () => {
    const seen: string[] = [];
    let query: string | undefined = "?n=4";
    for (let pages = 0; query !== undefined && pages < 20; pages++) {
      const page: Page = await list(query);
      seen.push(...page.tags);
      const target: string | undefined = /^<([^>]+)>; rel="?next"?$/.exec(page.link ?? "")?.[1];
      query = target === undefined ? undefined : new URL(target, registry().url).search;
    }
    expect(seen).toEqual(tags);
  });

  test("end-8b: The last page has no Link header", async () => {
    expect((await list("?n=4&last=a_b")).link).toBeNull();
    expect((await list(`?n=${tags.length}`)).link).toBeNull();
  });

  test.each(["-1", "abc", "1.5"])("end-8b: n=%s is an invalid request", async (n) => {
    expect((await list(`?n=${n}`)).status).toBe(400);
  });
});

test("end-7: A tag is pullable under a name that is a word of the interface", async () => {
  const name = `${newRepository()}/blobs/uploads/manifests/tags/list`;
  const { manifest } = await pushImage(registry(), name, "list");
  const pushed = await pushManifest(registry(), { repository: name, reference: "uploads", content: manifest });
  expect((await registry().get(locationIn(registry(), pushed))).status).toBe(200);
  expect((await list("", name)).tags).toEqual(["list", "uploads"]);
});
