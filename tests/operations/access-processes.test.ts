import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { type AccessRows, openAccessRows } from "../support/access-rows.ts";
import { startBerth } from "../support/berth.ts";
import { type Answer, HttpClient } from "../support/http-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const COUNT = 3;
/** So many connections one after another that each process has had some. */
const ASKS = 24;

interface Site {
  readonly berth: RunningRegistry;
  readonly rows: AccessRows;
  /** As an administrator. */
  readonly root: HttpClient;
}

const sites: Site[] = [];
afterEach(async () => {
  for (const { rows, berth } of sites.splice(0)) {
    await rows.close();
    await berth.stop();
  }
});

const basic = (user: string, password: string) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` });

async function startSeveral(): Promise<Site> {
  const berth = await startBerth({ config: { http: { processes: COUNT }, auth: { accounts: {} } } });
  await until("all processes serve", () => berth.logs().includes("several processes serve"));
  const rows = await openAccessRows(berth);
  await rows.user("root", "the secret of root", { systemRole: "administrator" });
  await rows.user("anna", "the secret of anna");
  const site = { berth, rows, root: clientOf(berth, basic("root", "the secret of root")) };
  sites.push(site);
  await until("root is known", async () => (await site.root.get("/v2/")).status === 200);
  return site;
}

/** Each request has a connection of its own, so that any process may get it. */
const clientOf = ({ url }: RunningRegistry, headers: Readonly<Record<string, string>>) =>
  new HttpClient(url, { connection: "close", ...headers });

/** What is answered by all processes, each asked several times. */
async function statuses(ask: () => Promise<Answer>): Promise<readonly number[]> {
  const answers = await Promise.all(Array.from({ length: ASKS }, ask));
  return [...new Set(answers.map(({ status }) => status))].sort((a, b) => a - b);
}

async function change(root: HttpClient, asked: string, body?: object): Promise<unknown> {
  const [method = "", path = ""] = asked.split(" ");
  const headers = { "content-type": "application/json" };
  const answer = await root.ask(
    method,
    `/api/v1${path}`,
    body === undefined ? {} : { headers, body: JSON.stringify(body) },
  );
  expect({ asked, status: Math.floor(answer.status / 100), text: answer.text }).toMatchObject({ status: 2 });
  return answer.text === "" ? undefined : answer.json();
}

describe("in several processes", () => {
  test("a change of who may do what counts everywhere from when it is acknowledged", async () => {
    const { berth, root } = await startSeveral();
    const anna = clientOf(berth, basic("anna", "the secret of anna"));
    const push = () => anna.post("/v2/team/app/blobs/uploads/");

    expect(await statuses(push)).toEqual([403]);
    for (let round = 0; round < 5; round++) {
      await change(root, "PUT /namespaces/team/members/user:anna", { role: "writer" });
      expect([round, await statuses(push)]).toEqual([round, [202]]);
      const token = await tokenOf(berth, anna);
      await change(root, "PUT /namespaces/team/members/user:anna", { role: "reader" });
      expect([round, await statuses(push)]).toEqual([round, [403]]);
      expect([round, await statuses(() => token.post("/v2/team/app/blobs/uploads/"))]).toEqual([round, [403]]);
    }
  });

  test("a revoked secret is good for nothing anywhere from when that is acknowledged, nor is a token for it", async () => {
    const { berth, root } = await startSeveral();
    await change(root, "PUT /namespaces/team", { visibility: "private" });
    await change(root, "POST /namespaces/team/robots", { name: "ci" });
    const [kept, revoked] = [await secretOf(root, "kept"), await secretOf(root, "revoked")];
    const [one, other] = [kept, revoked].map(({ secret }) => clientOf(berth, basic("team+ci", secret)));
    if (!one || !other) throw new Error("there are two");
    const token = await tokenOf(berth, other);
    for (const client of [one, other, token]) expect(await statuses(() => client.get("/v2/"))).toEqual([200]);
    await change(root, `DELETE /robots/team%2Bci/secrets/${revoked.id}`);
    expect(await statuses(() => token.get("/v2/"))).toEqual([401]);
    await expectLetInNowhere(() => other.get("/v2/"));
    expect(await statuses(() => one.get("/v2/"))).toEqual([200]);
  });

  test("a disabled user is out everywhere from when that is acknowledged", async () => {
    const { berth, root } = await startSeveral();
    const anna = clientOf(berth, basic("anna", "the secret of anna"));
    for (let round = 0; round < 2; round++) {
      const token = await tokenOf(berth, anna);
      for (const client of [anna, token]) expect(await statuses(() => client.get("/v2/"))).toEqual([200]);
      await change(root, "PATCH /users/anna", { isDisabled: true });
      expect(await statuses(() => token.get("/v2/"))).toEqual([401]);
      if (round === 1) await expectLetInNowhere(() => anna.get("/v2/"));
      await change(root, "PATCH /users/anna", { isDisabled: false });
      expect(await statuses(() => token.get("/v2/"))).toEqual([401]);
    }
  });

  test("one key signs, and one administrator is made at the first start", async () => {
    const { berth } = await startSeveral();
    const anna = clientOf(berth, basic("anna", "the secret of anna"));
    const sets = await Promise.all(Array.from({ length: ASKS }, () => anna.get("/token/jwks")));
    const [text = ""] = new Set(sets.map((answer) => answer.text));
    for (const answer of sets) expect(answer.text).toBe(text);
    expect((JSON.parse(text) as { readonly keys: readonly object[] }).keys).toHaveLength(1);
    expect(berth.logs().match(/a new key for tokens was made/g)).toHaveLength(1);
    expect(berth.logs().match(/the administrator admin has been made/g)).toHaveLength(1);
    // Whichever process made it, each takes it.
    for (let round = 0; round < 6; round++) {
      const token = await tokenOf(berth, anna);
      expect(await statuses(() => token.get("/v2/"))).toEqual([200]);
    }
  });
});

interface MadeSecret {
  readonly id: number;
  readonly secret: string;
}

async function secretOf(root: HttpClient, name: string): Promise<MadeSecret> {
  return (await change(root, "POST /robots/team%2Bci/secrets", { name })) as MadeSecret;
}

async function tokenOf(berth: RunningRegistry, client: HttpClient): Promise<HttpClient> {
  const answer = await client.get("/token?service=berth&scope=repository:team/app:pull,push");
  const { token } = answer.json() as { readonly token: string };
  return clientOf(berth, { authorization: `Bearer ${token}` });
}

/** After some failures the address has to wait, which is no way in either. */
async function expectLetInNowhere(ask: () => Promise<Answer>): Promise<void> {
  const seen = await statuses(ask);
  expect(seen).toContain(401);
  expect(seen.filter((status) => status !== 401 && status !== 429)).toEqual([]);
}
