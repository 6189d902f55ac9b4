import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";

/** Which room of `src/` may import which. Arrows go down only; this is the one copy of them in code. */
const ROOMS = {
  oci: [],
  runtime: [],
  storage: ["runtime"],
  metadata: ["oci", "runtime"],
  jobs: ["metadata", "runtime"],
  access: ["oci", "metadata", "runtime"],
  auth: ["oci", "metadata", "runtime", "access"],
  registry: ["oci", "storage", "metadata", "runtime"],
  events: ["oci", "metadata", "jobs", "runtime"],
  upstream: ["oci", "registry", "metadata", "jobs", "runtime"],
  upkeep: ["oci", "registry", "storage", "metadata", "jobs", "runtime"],
  trust: ["oci", "registry", "metadata", "jobs", "runtime"],
  http: [
    "oci",
    "runtime",
    "storage",
    "metadata",
    "jobs",
    "access",
    "auth",
    "registry",
    "events",
    "upstream",
    "upkeep",
    "trust",
  ],
  config: ["oci", "runtime"],
  processes: ["runtime"],
  app: [
    "oci",
    "runtime",
    "storage",
    "metadata",
    "jobs",
    "access",
    "auth",
    "registry",
    "events",
    "upstream",
    "upkeep",
    "trust",
    "http",
    "config",
    "processes",
  ],
  cli: ["app", "config", "http", "processes"],
} as const satisfies Record<string, readonly string[]>;

type Room = keyof typeof ROOMS;

/** Where the process starts: beside the rooms, and imported by none. */
const START = "src/main.ts";

/** Of a file that does something: a door is a list of names, which is held by what others take of it. */
const MAX_CODE_LINES = 400;
const DOOR = /^src\/[^/]+\/index\.ts$/;

interface SourceFile {
  /** From the project's root, such as `src/oci/digest.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  /** A path from the project's root, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
  readonly isTypeOnly: boolean;
}

// --- reading

async function readSources(...patterns: readonly string[]): Promise<readonly SourceFile[]> {
  const root = join(import.meta.dir, "..");
  const files: SourceFile[] = [];
  for (const pattern of patterns) {
    for await (const path of new Glob(pattern).scan(root))
      if (!path.includes("node_modules/")) files.push({ path, text: await Bun.file(join(root, path)).text() });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const STRING = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const TOKENS = new RegExp(`(${STRING}|\`(?:\\\\.|[^\`\\\\])*\`)|//.*|/\\*[^]*?\\*/`, "g");

function withoutComments(text: string): string {
  return text.replaceAll(TOKENS, (_, string?: string) => string ?? "");
}

/** What runs: texts are emptied, templates stay for the code in them. */
function codeOf(text: string): string {
  return withoutComments(text).replaceAll(new RegExp(STRING, "g"), '""');
}

const IMPORT = /\b(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]*?\s*from\s*)?"([^"\n]+)"|\bimport\(\s*"([^"\n]+)"\s*\)/g;

function importsOf({ path, text }: SourceFile): readonly Import[] {
  return [...withoutComments(text).matchAll(IMPORT)].map(([, type, declared, dynamic]) => {
    const target = declared ?? dynamic ?? "";
    const isPackage = !target.startsWith(".");
    const to = isPackage ? target : normalize(join(dirname(path), target));
    return { from: path, to, isPackage, isTypeOnly: type !== undefined };
  });
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function isRoom(name: string | undefined): name is Room {
  return name !== undefined && name in ROOMS;
}

// --- rules: each gives what breaks it

function unknownRooms(files: readonly SourceFile[]): readonly string[] {
  return files.filter(({ path }) => !isRoom(roomOf(path)) && path !== START).map(({ path }) => path);
}

function forbiddenImports(files: readonly SourceFile[]): readonly string[] {
  return files
    .flatMap(importsOf)
    .filter((found) => !isAllowed(found))
    .map(arrow);
}

function isAllowed({ from, to, isPackage, isTypeOnly }: Import): boolean {
  const [here, there] = [roomOf(from), roomOf(to)];
  // Words are pure: they need nothing of the machine.
  if (isPackage) return here !== "oci";
  if (here === there && here !== undefined) return true;
  if (from.startsWith("web/")) return to.startsWith("web/") || (isTypeOnly && to === "src/http/index.ts");
  if (to === "package.json") return here === "app";
  if (!isRoom(there)) return false;
  if (here === "config" && to === `src/${there}/options.ts`) return true;
  if (to !== `src/${there}/index.ts`) return false;
  return from === START || (isRoom(here) && (ROOMS[here] as readonly Room[]).includes(there));
}

function arrow({ from, to }: Import): string {
  return `${from} -> ${to}`;
}

/** Rooms that reach themselves through others. An options file holds types and defaults of its own room alone. */
function roomCycles(files: readonly SourceFile[]): readonly string[] {
  const reached = new Map<string, Set<string>>();
  for (const { from, to } of files.flatMap(importsOf)) {
    const [here, there] = [roomOf(from), roomOf(to)];
    if (!isRoom(here) || !isRoom(there) || here === there || to.endsWith("/options.ts")) continue;
    reached.set(here, (reached.get(here) ?? new Set()).add(there));
  }
  return cyclesIn(reached);
}

function cyclesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    [...(graph.get(from) ?? [])].some(
      (next) => next === goal || (!seen.has(next) && reaches(next, goal, seen.add(next))),
    );
  return [...graph.keys()].filter((room) => reaches(room, room));
}

const AMBIENT: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["the environment", /\b(?:process\.env|Bun\.env|import\.meta\.env)\b/],
  ["the clock", /\b(?:Date\.now|performance\.now|process\.hrtime|Bun\.nanoseconds)\b|\bnew Date\(\s*\)/],
  ["randomness", /\b(?:Math\.random|randomUUID|randomUUIDv7|randomBytes|randomInt|getRandomValues)\b/],
];

const HANDS_THEM_IN: ReadonlySet<Room> = new Set(["app", "cli"]);

/** The one place that reads the clock for all. */
const CLOCK = "src/runtime/clock.ts";

function ambientReads(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const room = roomOf(path);
    if (!isRoom(room) || HANDS_THEM_IN.has(room) || path === CLOCK) return [];
    return AMBIENT.filter(([, pattern]) => pattern.test(codeOf(text))).map(([what]) => `${path} reads ${what}`);
  });
}

function longFiles(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const lines = withoutComments(text)
      .split("\n")
      .filter((line) => line.trim() !== "").length;
    return lines > MAX_CODE_LINES && !DOOR.test(path) ? [`${path}: ${lines} lines of code`] : [];
  });
}

const SAYS_NOTHING = /(?:^|-)(?:utils?|helpers?|common|managers?|services?|misc|shared)$/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

function badNames(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    const parts = path.split("/").map((part) => part.replace(/\..*$/, ""));
    return parts.some((part) => SAYS_NOTHING.test(part) || !KEBAB_CASE.test(part));
  });
}

/** A door says first what its room is for, and gives out by name. */
function badDoors(files: readonly SourceFile[]): readonly string[] {
  const doors = files.filter(({ path }) => /^src\/[^/]+\/index\.ts$/.test(path));
  const roomsWithDoor = new Set(doors.map(({ path }) => roomOf(path)));
  const rooms = new Set(files.map(({ path }) => roomOf(path)).filter(isRoom));
  return [
    ...[...rooms].filter((room) => !roomsWithDoor.has(room)).map((room) => `src/${room} has no index.ts`),
    ...doors
      .filter(({ text }) => !text.startsWith("/**"))
      .map(({ path }) => `${path} does not say what the room is for`),
    ...doors.filter(({ text }) => /\bexport \*/.test(codeOf(text))).map(({ path }) => `${path} exports without names`),
  ];
}

const NAMED = /\b(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"(\.[^"\n]+)"/g;

/** What each file takes from, or gives out of, which other, by the name that it has there. */
function namesIn({ path, text }: SourceFile): readonly { readonly of: string; readonly name: string }[] {
  return [...withoutComments(text).matchAll(NAMED)].flatMap(([, names = "", target = ""]) => {
    const words = names.split(",").map((name) => name.trim().replace(/^type /, ""));
    const of = normalize(join(dirname(path), target));
    return words.filter((name) => name !== "").map((name) => ({ of, name: name.replace(/ as .*$/, "") }));
  });
}

/** Names that a door gives out and nobody takes. */
function untakenNames(doors: readonly SourceFile[], others: readonly SourceFile[]): readonly string[] {
  const taken = new Set([...doors, ...others].flatMap(namesIn).map(({ of, name }) => `${of} ${name}`));
  return doors.flatMap((door) =>
    namesIn(door)
      .filter(({ name }) => !taken.has(`${door.path} ${name}`))
      .map(({ name }) => `${door.path} ${name}`),
  );
}

// --- the house as it is

const src = await readSources("src/**/*.ts");
const web = await readSources("web/**/*.ts", "web/**/*.tsx");
const beside = await readSources("tests/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts");

describe("the house", () => {
  test("has no rooms but those of the table", () => expect(unknownRooms(src)).toEqual([]));
  test("has arrows that go down only, through doors only", () =>
    expect(forbiddenImports([...src, ...web])).toEqual([]));
  test("has no way round in a circle", () => expect(roomCycles(src)).toEqual([]));
  test("hands environment, clock and randomness to its rooms", () => expect(ambientReads(src)).toEqual([]));
  test(`has no file over ${MAX_CODE_LINES} lines of code`, () => expect(longFiles([...src, ...web])).toEqual([]));
  test("has doors that say what is behind them", () => expect(badDoors(src)).toEqual([]));
  test("has doors that give out what somebody takes", () => {
    const doors = src.filter(({ path }) => DOOR.test(path));
    const others = [...src.filter((file) => !doors.includes(file)), ...web, ...beside];
    expect(untakenNames(doors, others)).toEqual([]);
  });
  test("has names that say something", () =>
    expect(badNames([...src, ...web, ...beside].map(({ path }) => path))).toEqual([]));
  test("was really looked at", () => {
    expect(src.length).toBeGreaterThan(100);
    expect(src.flatMap(importsOf).filter(({ isPackage }) => !isPackage).length).toBeGreaterThan(300);
  });
});

describe("the table", () => {
  test("has no circle in it", () => {
    const graph = new Map(Object.entries(ROOMS).map(([room, below]) => [room, new Set<string>(below)]));
    expect(cyclesIn(graph)).toEqual([]);
  });

  test("keeps the features apart", () => {
    const features = ["events", "upstream", "upkeep", "trust"] as const;
    for (const feature of features)
      expect(features.filter((other) => (ROOMS[feature] as readonly string[]).includes(other))).toEqual([]);
  });
});

// --- each rule sees what breaks it

const file = (path: string, ...lines: readonly string[]): SourceFile => ({ path, text: lines.join("\n") });

describe("an import", () => {
  const VIOLATIONS = [
    ["upward", "src/oci/digest.ts", 'import { a } from "../registry/index.ts";'],
    ["upward, of a type alone", "src/metadata/tags.ts", 'import type { A } from "../registry/index.ts";'],
    ["upward, while it runs", "src/storage/driver.ts", 'const a = await import("../metadata/index.ts");'],
    ["upward, for its effect", "src/storage/driver.ts", 'import "../metadata/index.ts";'],
    ["upward, given on", "src/storage/index.ts", 'export { a } from "../metadata/index.ts";'],
    ["upward, over several lines", "src/auth/index.ts", 'import {\n  a,\n  type B,\n} from "../http/index.ts";'],
    ["past a door", "src/registry/blobs.ts", 'import { a } from "../oci/digest.ts";'],
    ["of another feature", "src/events/index.ts", 'import { a } from "../trust/index.ts";'],
    ["of a room's inside by the wiring", "src/app/start-app.ts", 'import { a } from "../oci/digest.ts";'],
    ["of the wiring", "src/http/index.ts", 'import { startApp } from "../app/index.ts";'],
    ["of the wiring's inside", "src/cli/serve.ts", 'import { startApp } from "../app/start-app.ts";'],
    ["of the start", "src/cli/serve.ts", 'import "../main.ts";'],
    ["of options by a room other than config", "src/http/index.ts", 'import type { A } from "../registry/options.ts";'],
    ["of more than options by config", "src/config/schema.ts", 'import type { A } from "../http/index.ts";'],
    ["of a room that does not exist", "src/http/index.ts", 'import { a } from "../rooms/index.ts";'],
    ["of what lies outside", "src/http/index.ts", 'import { a } from "../../tests/support/berth.ts";'],
    ["of the machine by the words", "src/oci/digest.ts", 'import { createHash } from "node:crypto";'],
    ["of code by the pages", "web/main.ts", 'import { a } from "../src/http/index.ts";'],
    ["of another room's types by the pages", "web/main.ts", 'import type { A } from "../src/oci/index.ts";'],
  ] as const;

  test.each(VIOLATIONS)("%s is seen", (_, path, line) =>
    expect(forbiddenImports([file(path, "// first", line)])).toHaveLength(1),
  );

  test.each([
    ["downward", "src/registry/blobs.ts", 'import { a } from "../oci/index.ts";'],
    ["inside a room", "src/http/v2/blobs.ts", 'import { a } from "../http-error.ts";'],
    ["of a package", "src/runtime/log.ts", 'import pino from "pino";'],
    ["of options by config", "src/config/schema.ts", 'import type { A } from "../http/options.ts";'],
    ["of the wiring by commands", "src/cli/serve.ts", 'import { startApp } from "../app/index.ts";'],
    ["of every door by the wiring", "src/app/start-app.ts", 'import { a } from "../trust/index.ts";'],
    ["of the contract's types by the pages", "web/main.ts", 'import type { A } from "../src/http/index.ts";'],
    ["in a comment", "src/oci/digest.ts", '// import { a } from "../http/index.ts";'],
    ["in a documentation", "src/oci/digest.ts", '/** import { a } from "../http/index.ts"; */'],
  ] as const)("%s is fine", (_, path, line) => expect(forbiddenImports([file(path, line)])).toEqual([]));
});

test("a circle of rooms is seen", () => {
  const files = [
    file("src/oci/index.ts", 'import { a } from "../storage/index.ts";'),
    file("src/storage/index.ts", 'import { a } from "../runtime/index.ts";'),
    file("src/runtime/index.ts", 'import { a } from "../oci/index.ts";'),
    file("src/http/index.ts", 'import { a } from "../oci/index.ts";'),
  ];
  expect(roomCycles(files)).toEqual(["oci", "storage", "runtime"]);
});

describe("a read of the surroundings", () => {
  test.each([
    "process.env.HOME",
    "Bun.env.HOME",
    "Date.now()",
    "new Date()",
    "new Date( )",
    "performance.now()",
    "Math.random()",
    "crypto.randomUUID()",
    "`${Date.now()}`",
    'const url = "https://a"; Date.now()',
  ])("by %s is seen", (code) => expect(ambientReads([file("src/http/a.ts", code)])).toHaveLength(1));

  test.each(["new Date(0)", "// Date.now()", '"Date.now()"', "clock.now()", "myDate.nowhere()"])(
    "is not made by %s",
    (code) => expect(ambientReads([file("src/http/a.ts", code)])).toEqual([]),
  );

  test("is allowed to wiring, commands and the clock", () => {
    const paths = ["src/app/start-app.ts", "src/main.ts", "src/cli/serve.ts", CLOCK];
    expect(ambientReads(paths.map((path) => file(path, "Date.now()")))).toEqual([]);
  });
});

test("docs/architecture.md has a row for each folder of tests", async () => {
  const page = await Bun.file(join(import.meta.dir, "../docs/architecture.md")).text();
  const described = [...page.matchAll(/^\| `tests\/([\w-]+)\//gm)].map(([, name]) => name ?? "");
  const folders = (await readdir(import.meta.dir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  expect(described.toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
});

test("a long file is seen, and comments and blank lines are not counted", () => {
  const code = Array.from({ length: MAX_CODE_LINES }, () => "a();");
  expect(longFiles([file("src/a/b.ts", ...code, "// one", "", "/* two", " three */")])).toEqual([]);
  expect(longFiles([file("src/a/b.ts", ...code, "a();")])).toHaveLength(1);
  expect(longFiles([file("src/a/index.ts", ...code, "a();")])).toEqual([]);
});

test("a name that says nothing is seen, also that of a folder", () => {
  const bad = ["src/a/utils.ts", "src/helpers/a.ts", "src/a/upload-manager.ts", "src/a/Blob.ts", "src/a/b_c.ts"];
  expect(badNames([...bad, "src/a/service-window.ts", "src/a/b.test.ts", "src/a/0001-core.ts"])).toEqual(bad);
});

test("a bad door is seen", () => {
  const files = [
    file("src/oci/index.ts", "/** Words. */", 'export * from "./a.ts";'),
    file("src/http/index.ts", 'export { a } from "./a.ts";'),
    file("src/auth/a.ts", ""),
  ];
  expect(badDoors(files)).toHaveLength(3);
});

test("a name that nobody takes is seen", () => {
  const door = file("src/oci/index.ts", 'export { a, type B, c as d } from "./a.ts";');
  const taker = file("src/http/x.ts", 'import { type B, a as other } from "../oci/index.ts";');
  expect(untakenNames([door], [taker])).toEqual(["src/oci/index.ts c"]);
});

test("an unknown room is seen", () => {
  expect(unknownRooms([file("src/rooms/a.ts", ""), file("src/loose.ts", ""), file("src/oci/a.ts", "")])).toHaveLength(
    2,
  );
});
