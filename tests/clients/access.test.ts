import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import type { Finished } from "../support/run-program.ts";
import { NAMESPACES, useAccessWorld } from "./support/access-world.ts";
import { type ClientSession, imageClients, TAG } from "./support/image-clients.ts";

setDefaultTimeout(60_000);

const world = useAccessWorld();
const { open, team, shelf, vault } = NAMESPACES;

// Clients have words of their own for what the registry says.
const notLoggedIn = /unauthorized|authentication required|401|no basic auth|insufficient_scope|authorization failed/i;
const wrongPassword = /unauthorized|invalid username|401|incorrect/i;
const denied = /denied|you may not push|403/i;
const unseen = /not found|name unknown|NAME_UNKNOWN/i;

function expectDone({ exitCode, output }: Finished): void {
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
}

function expectRefused({ exitCode, output }: Finished, words: RegExp): void {
  expect(output).toMatch(words);
  expect(exitCode).not.toBe(0);
}

for (const [number, client] of imageClients.entries()) {
  client.describe(client.name, () => {
    let session: ClientSession;
    beforeAll(async () => {
      const { registry, image, chart } = world();
      const source = `${registry.host}/${open}/${client.moves}:${TAG}`;
      session = await client.start({ host: registry.host, source, image, chart });
    });
    afterEach(async () => {
      await session.logOut();
    });
    afterAll(() => session.stop());

    const shared = (node: string) => `${node}/${client.moves}`;
    /** What this client alone pushes to. */
    const own = (node: string, more = "") => `${node}/client-${number}${more}/${client.moves}`;
    const statusOf = async (repository: string) => {
      const answer = await world().client.request("HEAD", `/v2/${repository}/manifests/${TAG}`);
      return answer.status;
    };

    test("pulls without a login what is for everybody, and nothing else", async () => {
      expectDone(await session.pull(shared(open)));
      expectRefused(await session.pull(shared(team)), notLoggedIn);
      expectRefused(await session.push(own(open)), notLoggedIn);
      expect(await statusOf(own(open))).toBe(404);
    });

    test("is not let in with a wrong password", async () => {
      // A user of its own: guesses make the account wait.
      await world().rows.user(`guessed-${number}`, "what nobody guesses");
      const login = await session.logIn({ user: `guessed-${number}`, password: "what somebody guesses" });
      if (client.checksLogin) expectRefused(login, wrongPassword);
      expectRefused(await session.pull(shared(team)), notLoggedIn);
    });

    test("pulls and pushes where its user is writer, until it logs out", async () => {
      expectDone(await session.logIn(world().anna));
      expectDone(await session.pull(shared(team)));
      expectDone(await session.push(own(team)));
      expect(await statusOf(own(team))).toBe(200);
      await session.logOut();
      expectRefused(await session.pull(own(team)), notLoggedIn);
    });

    test("pulls and does not push where its user is reader", async () => {
      await session.logIn(world().anna);
      expectDone(await session.pull(shared(shelf)));
      expectRefused(await session.push(own(shelf)), denied);
      expect(await statusOf(own(shelf))).toBe(404);
    });

    test("is told the same of what its user must not see as of what is not there", async () => {
      await session.logIn(world().anna);
      const [hidden, absent] = [await session.pull(shared(vault)), await session.pull(shared("absnt"))];
      expectRefused(hidden, unseen);
      const asIf = (output: string) =>
        output.replaceAll("absnt", vault).replaceAll(/time="[^"]*"|\d{2}:\d{2}:\d{2}/g, "");
      expect(asIf(hidden.output)).toBe(asIf(absent.output));
      expectRefused(await session.push(own(vault)), denied);
    });

    test("pushes as a robot, by its secret, where the robot may", async () => {
      expectDone(await session.logIn(world().robot));
      expectDone(await session.push(own(team, "-robot")));
      expect(await statusOf(own(team, "-robot"))).toBe(200);
      expectRefused(await session.pull(shared(shelf)), unseen);
      expectRefused(await session.push(own(shelf, "-robot")), denied);
    });

    test("does no more with a personal token than it is for", async () => {
      expectDone(await session.logIn(world().annasToken));
      expectDone(await session.pull(shared(team)));
      expectRefused(await session.push(own(team, "-token")), /denied|not for this|insufficient_scope|401/i);
      expect(await statusOf(own(team, "-token"))).toBe(404);
      expectRefused(await session.pull(shared(shelf)), /denied|not for this|insufficient_scope|not found/i);
    });
  });
}
