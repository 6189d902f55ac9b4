import { describe, expect, test } from "bun:test";
import { parseManifest } from "../../../../src/oci/index.ts";
import { expiresAfterByLabel, expiryOf, readLabels } from "../../../../src/registry/retention/tag-expiry.ts";
import { contentOf, imageManifest } from "../../../support/oci-content.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 1_000_000;

const manifestWith = (annotations: object) => {
  const { bytes } = imageManifest({ config: contentOf("{}"), layers: [], more: { annotations } });
  return parseManifest(bytes, "application/vnd.oci.image.manifest.v1+json");
};

describe("what a manifest says of how long its tags last", () => {
  test.each<[Record<string, string>, number]>([
    [{ "dev.berth.expires-after": "12h" }, NOW_MS + 12 * HOUR_MS],
    [{ "dev.berth.expires-after": "1w2d" }, NOW_MS + 9 * 24 * HOUR_MS],
    [{ "dev.berth.expires-at": "2027-01-31T12:00:00Z" }, Date.UTC(2027, 0, 31, 12)],
    [{ "dev.berth.expires-at": "2027-01-31T12:00+02:00" }, Date.UTC(2027, 0, 31, 10)],
  ])("%j", (annotations, expiresAtMs) =>
    expect(expiryOf(manifestWith(annotations), NOW_MS)).toEqual({ expiresAtMs, isLabelUnread: false }),
  );

  test.each([
    [{ "dev.berth.expires-after": "soon" }, "is no age"],
    [{ "dev.berth.expires-after": "7" }, "is no age"],
    [{ "dev.berth.expires-at": "2027-01-31" }, "is no time"],
    [{ "dev.berth.expires-at": "2027-13-31T12:00:00Z" }, "is no time"],
  ])("%j is told to be wrong, and nothing expires", (annotations, text) => {
    const { expiresAtMs, warning } = expiryOf(manifestWith(annotations), NOW_MS);
    expect({ expiresAtMs, warning }).toEqual({ expiresAtMs: null, warning: expect.stringContaining(text) });
    expect(warning).not.toMatch(/["\\]/);
  });

  test("is else in the labels of its image", () =>
    expect(expiryOf(manifestWith({}), NOW_MS)).toEqual({ expiresAtMs: null, isLabelUnread: true }));
});

const labelsIn = (config: string) => readLabels(new TextEncoder().encode(config), ["quay.expires-after"]);

describe("the label of a config", () => {
  test.each<[unknown, number | undefined]>([
    [{ config: { Labels: { "quay.expires-after": "2w" } } }, 14 * 24 * HOUR_MS],
    [{ config: { Labels: { "quay.expires-after": "never" } } }, undefined],
    [{ config: { Labels: { "quay.expires-after": 7 } } }, undefined],
    [{ config: { Labels: null, Env: ["quay.expires-after=2w"] } }, undefined],
    [{ history: [{ created_by: "LABEL quay.expires-after=2w" }] }, undefined],
    ["quay.expires-after", undefined],
    [null, undefined],
  ])("%j", (config, afterMs) => expect(expiresAfterByLabel(labelsIn(JSON.stringify(config)))).toBe(afterMs));

  test("of what is not JSON is none", () => expect(labelsIn('{"quay.expires-after')).toBeUndefined());
});
