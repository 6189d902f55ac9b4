import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { renderConfigurationPage } from "../../../scripts/generate-docs.ts";
import { listKeys } from "../../../src/config/index.ts";
import { load } from "./loading.ts";

const page = readFileSync(new URL("../../../docs/reference/configuration.md", import.meta.url), "utf8");

describe("docs/reference/configuration.md", () => {
  test("is current: scripts/generate-docs.ts writes it", () => {
    expect(page).toBe(renderConfigurationPage());
  });

  test.each(listKeys().filter((key) => key.facts.typeName !== undefined || key.facts.status !== "works"))(
    "names $path",
    ({ path }) => {
      expect(page).toContain(`| \`${path}\` |`);
    },
  );

  test("its example is a good configuration", () => {
    const example = /```yaml\n(?<file>.*?)```/su.exec(page)?.groups?.["file"];
    const { config, warnings } = load({ file: example });
    expect(config.auth.kind).toBe("htpasswd");
    expect(warnings).toEqual([]);
  });
});

test("every key says what it is for, and every other than a working one what to do instead", () => {
  const silent = listKeys().filter(({ facts }) => facts.about === "" || (facts.status !== "works" && !facts.instead));
  expect(silent.map((key) => key.path)).toEqual([]);
});
