import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../../../src/metadata/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { run } from "./berth-at.ts";
import { until } from "../../../support/until.ts";

const folder = makeTemporaryFolder("local");
const config = join(folder, "berth.yml");
const database = join(folder, "berth.db");

beforeAll(async () => {
  writeFileSync(
    config,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${folder}}}\ndatabase: {path: ${database}}\n`,
  );
  await (await openSqlite(database)).close();
});

afterAll(() => removeTemporaryFolder(folder));

describe("with --local", () => {
  test("the database is worked on, while another has it open, which sees the change", async () => {
    const other = await openSqlite(database);
    const before = (await other.hot.findCounter("access", "generation"))?.value ?? 0;
    const made = await run([
      "user",
      "create",
      "admin",
      "--system-role",
      "administrator",
      "--generate",
      "--local",
      config,
    ]);
    expect(made).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringMatching(/^Made admin with the password \w{20}\.\nNow admin .*login <server> -u admin\n$/),
    });
    const generation = async () => (await other.hot.findCounter("access", "generation"))?.value ?? 0;
    await until("the other sees it", async () => (await generation()) > before);
    await other.close();
  });

  test("who did it is on record", async () => {
    expect(
      (
        await run(["user", "reset-password", "admin", "--password-stdin", "--local", config], {
          piped: "correct horse battery\n",
        })
      ).exitCode,
    ).toBe(0);
    const { stdout } = await run(["audit", "list", "--json", "--local", config]);
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({
      act: "user.password",
      actor: expect.stringMatching(/^local:\w+/),
    });
  });

  test("the last administrator stays", async () => {
    const { exitCode, stderr } = await run(["user", "disable", "admin", "--yes", "--local", config]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "admin is the last administrator: make another one before\n",
    });
  });

  test("a database that is not there is not made", async () => {
    const env = { REGISTRY_DATABASE_PATH: join(folder, "none.db") };
    const { exitCode, stderr } = await run(["user", "list", "--local", config], { env });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 66,
      stderr: `There is no database ${env.REGISTRY_DATABASE_PATH}: name the configuration that serve is started with, or start it once, which makes one.\n`,
    });
    expect(await Bun.file(env.REGISTRY_DATABASE_PATH).exists()).toBe(false);
  });
});
