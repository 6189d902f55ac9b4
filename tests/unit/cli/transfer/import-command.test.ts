import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ImportCommand, importCommand } from "../../../../src/cli/transfer/import-command.ts";
import { openSqlite } from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { RegistryV2Tree } from "../../upkeep/registry-v2/registry-v2-tree.ts";

let tree: RegistryV2Tree;
beforeEach(() => (tree = new RegistryV2Tree()));
afterEach(() => tree.dispose(), 30_000);

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(options: Partial<ImportCommand> = {}): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const exitCode = await importCommand(
    { directory: tree.root, dryRun: false, ...options },
    {
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
    },
  );
  return { exitCode, ...written, stdout: written.stdout.replace(/in \d+\.\d s/, "in 0.0 s") };
}

async function tagInDatabase(path: string): Promise<boolean> {
  const metadata = await openSqlite(path);
  const found = await metadata.hot.findManifestByTag("team/app" as RepositoryName, "1.0" as Tag);
  await metadata.close();
  return found !== undefined;
}

const databasePath = () => join(tree.root, "berth/berth.db");

describe("berth import registry-v2", () => {
  test("imports into the database that serve opens, and says what is next", async () => {
    tree.addImage("team/app", "1.0");
    expect(await run()).toEqual({
      exitCode: 0,
      stderr: "[1/1] team/app: 1 tag, 1 manifest, 2 blobs\n",
      stdout: `Imported 1 repository, 1 manifest, 1 tag and 2 blobs (42 bytes) in 0.0 s; 0 damaged.
Manifests were verified. Blobs were not read: each is taken to be what its path says.

Next: stop registry:2, if one still serves it, then bin/berth serve <its config.yml>, with storage.filesystem.rootdirectory: ${tree.root}
What registry:2 took in after this import comes with another run.
`,
    });
    expect(await tagInDatabase(databasePath())).toBeTrue();
  });

  test("tells it to a script in one line", async () => {
    tree.addImage("team/app", "1.0");
    const { exitCode, stdout } = await run({ dryRun: true, json: true });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ added: { repositories: 1, tags: 1 }, damaged: [], dryRun: true });
  });

  test("writes nothing at all in a dry run", async () => {
    tree.addImage("team/app", "1.0");
    const before = tree.snapshot();
    const { exitCode, stdout } = await run({ dryRun: true });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Would import 1 repository, 1 manifest, 1 tag and 2 blobs");
    expect(stdout).toContain("Nothing was written.");
    expect(tree.snapshot()).toEqual(before);
  });

  test("takes a database elsewhere, and names it", async () => {
    tree.addImage("team/app", "1.0");
    const database = join(tree.root, "elsewhere/of.db");
    const { stdout } = await run({ database });
    expect(stdout).toContain(`database.path: ${database}`);
    expect(await tagInDatabase(database)).toBeTrue();
    expect(existsSync(databasePath())).toBeFalse();
  });

  test("lists what is damaged, and succeeds", async () => {
    const { layer, manifest } = tree.addImage("team/app", "1.0");
    tree.remove(tree.data(layer));
    tree.addImage("Team", "1.0");
    tree.write("repositories/team/app/_manifests/tags/broken/current/link", "");
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(0);
    expect(stdout.slice(0, stdout.indexOf("Imported"))).toBe(`Damaged:
  Team: a repository name is lower case (left out)
  team/app@${manifest.digest}: it names what is not there: blob ${layer.digest} (kept, but it cannot be pulled completely)
  team/app:broken: its link holds no digest (left out)
`);
    expect(stdout).toContain("; 3 damaged.");
    expect(stdout).toContain("1 link to blobs that are gone");
  });

  test("says what was new in a second run, and what there is", async () => {
    tree.addImage("team/app", "1.0");
    await run();
    tree.addImage("team/app", "2.0");
    const { stdout } = await run();
    expect(stdout).toContain("Imported 0 repositories, 1 manifest, 1 tag and 2 blobs (");
    expect(stdout).toContain("The catalogue now holds 1 repository, 2 manifests, 2 tags and 4 blobs (");
  });

  test("names about a hundred of many repositories, and the last", async () => {
    for (let number = 0; number < 101; number++) tree.addImage(`app-${String(number).padStart(3, "0")}`, "1.0");
    const { stderr } = await run({ dryRun: true });
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toStartWith("[101/101] app-100:");
  }, 30_000);

  test("refuses a directory that is missing, and does not make it", async () => {
    const directory = join(tree.root, "mistyped");
    const { exitCode, stderr } = await run({ directory });
    expect([exitCode, stderr]).toEqual([66, `There is no directory ${directory}.\n`]);
    expect(existsSync(directory)).toBeFalse();
  });

  test("refuses a directory without a registry:2, and writes nothing into it", async () => {
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(66);
    expect(stderr).toContain("holds no images of a registry:2");
    expect(tree.snapshot()).toEqual([]);
  });

  test.each(["docker", "docker/registry", "docker/registry/v2", "docker/registry/v2/repositories"])(
    "names the root directory when it is given %s in it",
    async (below) => {
      tree.addImage("team/app", "1.0");
      const before = tree.snapshot();
      const { exitCode, stderr } = await run({ directory: `${join(tree.root, below)}/` });
      expect(exitCode).toBe(66);
      expect(stderr).toEndWith(` Give the root directory: bin/berth import registry-v2 ${tree.root}\n`);
      expect(tree.snapshot()).toEqual(before);
    },
  );

  test("says that it can go on when the database cannot be written", async () => {
    tree.addImage("team/app", "1.0");
    tree.write("not-a-database", "x".repeat(8192));
    const database = join(tree.root, "docker/registry/v2/not-a-database");
    const { exitCode, stderr } = await run({ database });
    expect(exitCode).toBe(74);
    expect(stderr).toContain("the database file is not a database");
  });
});
