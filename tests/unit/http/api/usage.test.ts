import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addStoredHours, addUsage } from "../../../../src/metadata/index.ts";
import { type ApiUnderTest, nextOf, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
const MOVED = { pulls: 1, pushes: 0, receivedBytes: 0, sentBytes: 10, cutBytes: 0 } as const;

beforeAll(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.role("team", await rows.account("maintainer"), "maintainer");
  });
  await api.metadata.transaction(async (queries) => {
    const repositories = Array.from({ length: 2500 }, (_, index) => `team/app-${String(index).padStart(4, "0")}`);
    await addUsage(
      queries,
      ["2026-11-01", "2026-11-02"].flatMap((day) =>
        repositories.map((repository) => ({ day, repository, principal: "", ...MOVED })),
      ),
    );
    await addUsage(queries, [{ day: "2026-11-02", repository: "teams", principal: '=a,"b"', ...MOVED }]);
    const held = { hours: 24, storedByteHours: 240.4, dedupedByteHours: 120, uniqueByteHours: 24 };
    await addStoredHours(
      queries,
      ["", "other", "team", "team/quota"].flatMap((node) =>
        ["2026-10-31", "2026-11-01", "2026-11-02"].map((day) => ({ node, day, ...held })),
      ),
    );
  });
});

afterAll(() => api.close());

const DAYS = "from=2026-10-01&to=2026-11-30";

async function csv(who: string, path: string): Promise<readonly string[]> {
  const text = await api.text(who, `GET ${path}`);
  expect(text.endsWith("\r\n")).toBe(true);
  return text.trimEnd().split("\r\n");
}

describe("usage as comma-separated values", () => {
  test("has every row once, over several pages", async () => {
    const [heading, ...rows] = await csv("maintainer", `/namespaces/team/usage/export?${DAYS}&by=repository,day`);
    expect(heading).toBe("day,namespace,repository,principal,pulls,pushes,receivedBytes,sentBytes,cutBytes");
    expect(rows).toHaveLength(5000);
    expect(rows).toEqual([...rows].sort());
    expect(new Set(rows).size).toBe(5000);
    expect(rows[2500]).toBe("2026-11-02,,team/app-0000,,1,0,0,10,0");
  });

  test("is one row where all is added up", async () => {
    const [, ...rows] = await csv("maintainer", `/namespaces/team/usage/export?${DAYS}&by=`);
    expect(rows).toEqual([",,,,5000,0,0,50000,0"]);
  });

  test("is by namespaces at the top, with those of people and days", async () => {
    const ask = (by: string) => csv("root", `/namespaces/_root/usage/export?${DAYS}&by=${by}`);
    expect((await ask("namespace")).slice(1)).toEqual([",team,,,5000,0,0,50000,0", ",teams,,,1,0,0,10,0"]);
    expect((await ask("namespace,day")).slice(1)).toEqual([
      "2026-11-01,team,,,2500,0,0,25000,0",
      "2026-11-02,team,,,2500,0,0,25000,0",
      "2026-11-02,teams,,,1,0,0,10,0",
    ]);
    const { json } = await api.ask("root", `GET /namespaces/_root/usage?${DAYS}&by=namespace&limit=1`);
    expect(json.items).toEqual([
      { day: null, namespace: "team", repository: null, principal: null, ...MOVED, pulls: 5000, sentBytes: 50_000 },
    ]);
  });

  test("quotes what a spreadsheet would take for something else", async () => {
    const [, ...rows] = await csv("root", `/namespaces/_root/usage/export?${DAYS}&by=principal`);
    expect(rows).toEqual([",,,,5000,0,0,50000,0", `,,,"'=a,""b""",1,0,0,10,0`]);
  });
});

describe("usage in pages", () => {
  const LISTED = "/namespaces/paged/usage?from=2026-11-01&to=2026-11-30&limit=2";
  const add = (repository: string, principal: string) =>
    api.metadata.transaction((queries) =>
      addUsage(queries, [{ day: "2026-11-03", repository: `paged/${repository}`, principal, ...MOVED }]),
    );

  test("has every row once, also of those that come between two pages", async () => {
    for (const [repository, principal] of [
      ["b", ""],
      ["c", "anna"],
      ["c", "anna b. c."],
      ["c", "ben"],
    ] as const)
      await add(repository, principal);
    const first = await api.ask("root", `GET ${LISTED}&by=repository,principal`);
    expect(first.json.items).toMatchObject([{ repository: "paged/b" }, { principal: "anna" }]);
    await add("a", "anna");
    await add("c", "anna a.");
    const second = await api.ask("root", `GET ${nextOf(first)}`);
    expect(second.json.items).toMatchObject([{ principal: "anna a." }, { principal: "anna b. c." }]);
    const third = await api.ask("root", `GET ${nextOf(second)}`);
    expect(third.json.items).toMatchObject([{ repository: "paged/c", principal: "ben" }]);
    expect(nextOf(third)).toBeUndefined();
  });

  test("is one row where all is added up", async () => {
    const { json, headers } = await api.ask("root", `GET ${LISTED.replace("limit=2", "limit=1")}&by=`);
    expect([json.items, nextOf({ headers })]).toMatchObject([[{ repository: null }], undefined]);
  });

  test.each(["after=2", "after=2026-11-03", "by=year"])("asked with %s is 400", async (query) =>
    expect((await api.ask("root", `GET /namespaces/paged/usage?${query}`)).status).toBe(400),
  );
});

describe("what was held for how long", () => {
  test("is listed by day and by month, in pages", async () => {
    const seen: unknown[] = [];
    let asked: string | undefined = `GET /namespaces/_root/byte-hours?${DAYS}&per=month&limit=3`;
    while (asked !== undefined) {
      const { status, headers, json } = await api.ask("root", asked);
      expect(status).toBe(200);
      seen.push(...(json as { items: { namespace: string; period: string; hours: number }[] }).items);
      const next: string | undefined = nextOf({ headers });
      asked = next === undefined ? undefined : `GET ${next}`;
    }
    expect(seen).toHaveLength(8);
    expect(seen.slice(0, 2)).toEqual([
      { namespace: "", period: "2026-10", hours: 24, storedByteHours: 240, dedupedByteHours: 120, uniqueByteHours: 24 },
      { namespace: "", period: "2026-11", hours: 48, storedByteHours: 481, dedupedByteHours: 240, uniqueByteHours: 48 },
    ]);
    const { json } = await api.ask("maintainer", "GET /namespaces/team/byte-hours?from=2026-11-02&to=2026-11-02");
    expect(json.items).toMatchObject([
      { namespace: "team", period: "2026-11-02" },
      { namespace: "team/quota", period: "2026-11-02" },
    ]);
  });

  test("is given out as comma-separated values", async () => {
    expect(await csv("maintainer", `/namespaces/team/byte-hours/export?${DAYS}&per=month`)).toEqual([
      "namespace,period,hours,storedByteHours,dedupedByteHours,uniqueByteHours",
      "team,2026-10,24,240,120,24",
      "team,2026-11,48,481,240,48",
      "team/quota,2026-10,24,240,120,24",
      "team/quota,2026-11,48,481,240,48",
    ]);
  });

  test.each(["per=year", "from=yesterday", "after=team", "after=2026-11", "limit=0"])(
    "asked with %s is 400",
    async (query) => expect((await api.ask("maintainer", `GET /namespaces/team/byte-hours?${query}`)).status).toBe(400),
  );
});
