import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { type ClientSession, imageClients, TAG } from "../clients/support/image-clients.ts";
import { type AccessRows, openAccessRows } from "../support/access-rows.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { type Image, makeImage } from "../support/image.ts";
import { connectTo, type Login } from "../support/registry-client.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireProgram } from "../support/require-program.ts";
import type { Finished } from "../support/run-program.ts";
import { until } from "../support/until.ts";
import { accountDn, accountPassword, baseDn, type Slapd, startSlapd } from "./slapd.ts";

setDefaultTimeout(60_000);

const slapdProgram = requireProgram("slapd");
const ldapmodify = requireProgram("ldapmodify", "ldap-utils");

let slapd: Slapd;
let registry: RunningRegistry;
let rows: AccessRows;
let image: Image;

const loginOf = (user: string): Login => ({ user, password: `pw-${user}` });
const keeper: Login = { user: "keeper", password: "the secret of keeper" };
const basic = ({ user, password }: Login) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` });
const as = (user: string) => new HttpClient(registry.url, basic(loginOf(user)));
const groupDn = (name: string) => `cn=${name},ou=groups,${baseDn}`;
const personDn = (name: string) => `uid=${name},ou=people,${baseDn}`;

/** What an upload of theirs is answered. */
const pushStatus = async (user: string) => (await as(user).post("/v2/team/probe/blobs/uploads/")).status;

async function tokenOf(user: string): Promise<HttpClient> {
  const answer = await as(user).get("/token?service=berth&scope=repository:team/probe:pull,push");
  const { token } = answer.json() as { readonly token: string };
  return new HttpClient(registry.url, { authorization: `Bearer ${token}` });
}

const modify = (dn: string, what: string) => slapd.change(`dn: ${dn}\nchangetype: modify\n${what}\n`);

function expectDone({ exitCode, output }: Finished): void {
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
}

(ldapmodify.isInstalled ? slapdProgram : ldapmodify).describe("a registry with a directory", () => {
  beforeAll(async () => {
    slapd = await startSlapd(slapdProgram.path);
    const directory = {
      name: "corp",
      urls: [slapd.ldapsUrl],
      ca: slapd.authority,
      binddn: accountDn,
      bindpassword: accountPassword,
      users: { basedn: `ou=people,${baseDn}` },
      groups: { from: "search", basedn: `ou=groups,${baseDn}`, nested: "walk" },
    };
    registry = await startBerth({ config: { auth: { accounts: { externalcache: "1s" }, ldap: [directory] } } });
    rows = await openAccessRows(registry);
    await rows.mappedGroup({ group: "crew", source: "ldap:corp", externalName: groupDn("developers") });
    await rows.role("team", "group:crew", "writer");
    await rows.mappedGroup({ group: "everyone", source: "ldap:corp", externalName: groupDn("company") });
    await rows.role("team", "group:everyone", "reader");
    image = await makeImage({ seed: "ldap", layerBytes: [1000] });
    await rows.user(keeper.user, keeper.password);
    await rows.role("", "user:keeper", "owner");
    await (await connectTo(registry, keeper)).pushImage("team/base", TAG, image);
    await rows.visibility("open", "public");
    await (await connectTo(registry, keeper)).pushImage("open/image", TAG, image);
  });
  afterAll(async () => {
    await rows.close();
    await registry.stop();
    await slapd.stop();
  });

  for (const client of imageClients.filter(({ name }) => name === "skopeo" || name.includes("docker"))) {
    client.describe(`by ${client.name}`, () => {
      let session: ClientSession;
      beforeAll(async () => {
        const source = `${registry.host}/open/image:${TAG}`;
        session = await client.start({ host: registry.host, source, image, chart: "" });
      });
      afterAll(() => session.stop());

      test("people of the directory push and pull what their groups may", async () => {
        expectDone(await session.logIn(loginOf("bob")));
        expectDone(await session.push(`team/${client.name.length}/image`));
        // In the company, by a group that is in a group.
        expectDone(await session.logIn(loginOf("carol")));
        expectDone(await session.pull(`team/${client.name.length}/image`));
        const refused = await session.push(`team/carols/image`);
        expect(refused.output).toMatch(/denied|may not push/);
        expect(refused.exitCode).not.toBe(0);
      });

      test("people with another password are not let in", async () => {
        const refused = await session.logIn({ user: "bob", password: "pw-alice" });
        expect(refused.output).toMatch(/unauthorized|invalid username/);
        expect(refused.exitCode).not.toBe(0);
      });
    });
  }

  describe("within the time that its answers hold", () => {
    test("who leaves a group there has lost what the group may, also with a token", async () => {
      const token = await tokenOf("alice");
      expect(await pushStatus("alice")).toBe(202);
      await modify(groupDn("developers"), `delete: member\nmember: ${personDn("alice")}`);
      await until("alice may not push", async () => (await pushStatus("alice")) === 403);
      expect((await token.post("/v2/team/probe/blobs/uploads/")).status).toBe(403);
      await modify(groupDn("developers"), `add: member\nmember: ${personDn("alice")}`);
      await until("alice may push", async () => (await pushStatus("alice")) === 202);
    });

    test("who is locked there is out, also with a refresh token", async () => {
      const login = await as("bob").get("/token?service=berth&offline_token=true&client_id=test");
      const { refresh_token } = login.json() as { readonly refresh_token: string };
      const refresh = () => {
        const form = { grant_type: "refresh_token", refresh_token, service: "berth", client_id: "test" };
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        return new HttpClient(registry.url).post("/token", { body: new URLSearchParams(form).toString(), headers });
      };
      expect((await refresh()).status).toBe(200);
      expect((await as("bob").get("/v2/")).status).toBe(200);
      await modify(personDn("bob"), "add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z");
      await until("bob is out", async () => (await as("bob").get("/v2/")).status === 401);
      expect((await as("bob").get("/token?service=berth")).status).toBe(401);
      await until("the refresh token is", async () => (await refresh()).status === 401);
      await modify(personDn("bob"), "delete: pwdAccountLockedTime");
      await until("bob is in again", async () => (await as("bob").get("/v2/")).status === 200);
    });
  });
});
