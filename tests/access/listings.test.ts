import { describe, expect, setDefaultTimeout, test } from "bun:test";

import type { HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushManifest } from "../support/push-content.ts";
import { guardedWith } from "./support/guarded.ts";

setDefaultTimeout(60_000);

/** Every third is seen, and runs of hidden ones that are longer than a page. */
const NAMES = Array.from({ length: 60 }, (_, index) => `mix/repository-${String(index).padStart(2, "0")}`);
const isSeen = (name: string) => NAMES.indexOf(name) % 3 === 1 && !/-[12]\d$/.test(name);
const SEEN = NAMES.filter(isSeen);
const GRANTED = ["mix/repository-17", "mix/repository-59", "mix/repository-00"];
const TAGS = Array.from({ length: 30 }, (_, index) => `${index % 3 === 0 ? "open" : "shut"}-${index + 10}`);

const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "owner");
  const subject = await berth.user("bob");
  await berth.user("carl");
  const owner = berth.as("alice");
  const config = contentOf("{}");
  const content = imageManifest({ config, layers: [] });
  for (const name of NAMES) {
    await pushBlob(owner, name, config);
    await pushManifest(owner, { repository: name, reference: "v1", content });
  }
  for (const reference of TAGS) await pushManifest(owner, { repository: "mix/repository-17", reference, content });
  for (const name of SEEN) await berth.give(name, subject, "reader");
  const [tagged = "", pushable = "", granted = ""] = GRANTED;
  await berth.grant({ subject, paths: tagged, tags: "open-*", actions: ["pull"] });
  await berth.grant({ subject, paths: pushable, actions: ["push"] });
  await berth.grant({ subject, paths: granted, actions: ["pull"] });
});

const VISIBLE = [...new Set([...SEEN, ...GRANTED])].toSorted();

interface Walk {
  readonly names: readonly string[];
  readonly links: readonly string[];
  readonly sizes: readonly number[];
}

/** Follows `Link` to the end. */
async function walk(client: HttpClient, start: string, key: string): Promise<Walk> {
  const [names, links, sizes]: [string[], string[], number[]] = [[], [], []];
  for (let path: string | undefined = start; path !== undefined;) {
    const answer = await client.get(path);
    expect(answer.status).toBe(200);
    const page = (answer.json() as Record<string, string[]>)[key] ?? [];
    names.push(...page);
    sizes.push(page.length);
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
    if (path !== undefined) links.push(path);
    if (links.length > 200) throw new Error("pages without end");
  }
  return { names, links, sizes };
}

describe("the catalog shows what one may see", () => {
  test.each([1, 2, 3, 4, 5, 7, 100])("in pages of %i, without gaps and twice nothing", async (limit) => {
    const bearer = guarded().bearer(await guarded().token(["registry:catalog:*"], { name: "bob" }));
    for (const client of [guarded().as("bob"), bearer]) {
      const { names, links, sizes } = await walk(client, `/v2/_catalog?n=${limit}`, "repositories");
      expect(names).toEqual(VISIBLE);
      expect(sizes.slice(0, -1).every((size) => size === limit)).toBe(true);
      expect(sizes.at(-1)).toBeGreaterThan(0);
      for (const link of links) expect(VISIBLE).toContain(new URLSearchParams(link.split("?")[1]).get("last") ?? "");
    }
  });

  test("after a name that is hidden or that there is not, as after any other", async () => {
    for (const last of ["mix/repository-16", "mix/repository-16a", "mix/", "a", "zzz", "mix/repository-60"]) {
      const { names } = await walk(guarded().as("bob"), `/v2/_catalog?n=3&last=${last}`, "repositories");
      expect(names).toEqual(VISIBLE.filter((name) => name > last));
    }
  });

  test("and nothing to who may see nothing, without a page that follows", async () => {
    for (const limit of [1, 5, 100]) {
      const answer = await guarded().as("carl").get(`/v2/_catalog?n=${limit}`);
      expect(answer.json()).toEqual({ repositories: [] });
      expect(answer.headers.get("link")).toBeNull();
    }
    expect((await guarded().anonymous().get("/v2/_catalog")).status).toBe(401);
    const nobody = guarded().bearer(await guarded().token(["registry:catalog:*"]));
    expect((await nobody.get("/v2/_catalog")).json()).toEqual({ repositories: [] });
  });

  test("to a token only that is for it", async () => {
    const bearer = guarded().bearer(await guarded().token(["repository:mix/repository-01:pull"], { name: "bob" }));
    expect((await bearer.get("/v2/_catalog")).status).toBe(401);
  });
});

describe("tags are listed that one may pull", () => {
  const open = TAGS.filter((tag) => tag.startsWith("open-")).toSorted();
  const path = "/v2/mix/repository-17/tags/list";

  test.each([1, 2, 3, 4, 5, 100])("in pages of %i, without gaps and twice nothing", async (limit) => {
    const { names, links } = await walk(guarded().as("bob"), `${path}?n=${limit}`, "tags");
    expect(names).toEqual(open);
    for (const link of links) expect(open).toContain(new URLSearchParams(link.split("?")[1]).get("last") ?? "");
  });

  test("and others are answered as those that there are not", async () => {
    const said = await Promise.all(
      ["shut-11", "shut-99", "v1"].map(async (tag) => {
        const answer = await guarded().as("bob").get(`/v2/mix/repository-17/manifests/${tag}`);
        return `${answer.status} ${answer.text.replaceAll(tag, "")}`;
      }),
    );
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toMatch(/^40[34] /);
    expect((await guarded().as("bob").get("/v2/mix/repository-17/manifests/open-10")).status).toBe(200);
  });

  test("not by who may push and not pull", async () => {
    expect((await guarded().as("bob").get("/v2/mix/repository-59/tags/list")).status).toBe(403);
    expect((await guarded().as("bob").get("/v2/mix/repository-59/manifests/v1")).status).toBe(403);
  });
});
