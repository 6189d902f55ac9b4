import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { MetadataDatabase } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import type { StorageDriver } from "../../../../src/storage/index.ts";
import { adviseImport, findUnimportedRegistry, looksLikeRegistryV2 } from "../../../../src/upkeep/index.ts";
import { importRegistryV2 } from "../../../../src/upkeep/transfers.ts";
import { contentOf } from "../../../support/oci-content.ts";
import type { RegistryV2Tree } from "./registry-v2-tree.ts";
import { openTreeSite, type TreeSite } from "./tree-site.ts";

const repository = "team/app" as RepositoryName;

let tree: RegistryV2Tree;
let storage: StorageDriver;
let metadata: MetadataDatabase;
let close: TreeSite["close"];
beforeEach(async () => {
  ({ tree, storage, metadata, close } = await openTreeSite());
});
afterEach(() => close());

const find = () => findUnimportedRegistry({ metadata, storage });

describe("a directory to start on", () => {
  test("that is empty may be served", async () => {
    expect(await find()).toBeUndefined();
    expect(await looksLikeRegistryV2(storage)).toBeFalse();
  });

  test("that holds a registry:2 must be imported first, and may be served then", async () => {
    tree.addImage(repository, "1.0");
    expect(await looksLikeRegistryV2(storage)).toBeTrue();
    expect(await find()).toEqual({ repository });
    expect(await findUnimportedRegistry({ metadata: undefined, storage })).toEqual({ repository });
    await importRegistryV2({ metadata, storage, clock: systemClock });
    expect(await find()).toBeUndefined();
  });

  test("may be served after an import that found nothing but damage", async () => {
    const { manifest } = tree.addImage(repository, "1.0");
    tree.remove(tree.data(manifest));
    expect(await find()).toEqual({ repository });
    await importRegistryV2({ metadata, storage, clock: systemClock });
    expect(await find()).toBeUndefined();
  });

  test.each([
    ["blobs of Berth's own", (to: RegistryV2Tree) => to.writeData(contentOf("blob"))],
    ["an upload", (to: RegistryV2Tree) => to.write(`repositories/${repository}/_uploads/0/data`, "half")],
    ["a repository with a bad name", (to: RegistryV2Tree) => void to.addImage("Team/App", "1.0")],
  ])("may be served if all it holds is %s: an import would bring nothing", async (_, write) => {
    write(tree);
    expect(await find()).toBeUndefined();
  });
});

describe("the advice", () => {
  const commandOf = (rootDirectory: string, databasePath?: string) =>
    adviseImport({ repository }, { command: "bin/berth", rootDirectory, databasePath })
      .split("\n")
      .filter((line) => line.startsWith("  "))
      .map((line) => line.trim().replace(/ {2,}.*/, ""));

  test("names a repository and the commands, the one that changes nothing first", () => {
    expect(adviseImport({ repository }, { command: "bin/berth", rootDirectory: "/var/lib/registry" })).toContain(
      repository,
    );
    expect(commandOf("/var/lib/registry")).toEqual([
      "bin/berth import registry-v2 /var/lib/registry --dry-run",
      "bin/berth import registry-v2 /var/lib/registry",
    ]);
  });

  test("can be pasted into a shell whatever the paths are", () => {
    expect(commandOf("/srv/my images", "/srv/it's.db").at(1)).toBe(
      "bin/berth import registry-v2 '/srv/my images' --database '/srv/it'\\''s.db'",
    );
  });
});
