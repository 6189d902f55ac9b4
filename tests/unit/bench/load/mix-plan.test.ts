import { expect, test } from "bun:test";
import { makeDerivedImage, makePopularImage, POPULAR_IMAGES } from "../../../../bench/load/layered-image.ts";
import { chooseOperation, makeRandom } from "../../../../bench/load/mix-plan.ts";
import { digestOf } from "../../../../bench/load/push-blob.ts";

const images = Array.from({ length: POPULAR_IMAGES }, (_, number) => makePopularImage(number));

test("the same seed gives the same mix, another seed another", () => {
  const mixOf = (seed: number): string => {
    const random = makeRandom(seed);
    return Array.from({ length: 50 }, () => {
      const { kind, image } = chooseOperation(random, images);
      return `${kind} ${image.repository}`;
    }).join();
  };
  expect(mixOf(1)).toBe(mixOf(1));
  expect(mixOf(1)).not.toBe(mixOf(2));
});

test("four of five operations are pulls, and the first image is the most popular", () => {
  const random = makeRandom(7);
  const operations = Array.from({ length: 5000 }, () => chooseOperation(random, images));
  const share = (keep: (operation: (typeof operations)[number]) => boolean): number =>
    operations.filter(keep).length / operations.length;
  expect(share(({ kind }) => kind === "pull")).toBeCloseTo(0.8, 1);
  expect(share(({ kind }) => kind === "push")).toBeCloseTo(0.08, 1);
  const wanted = images.map((image) => share((operation) => operation.image === image));
  expect(Math.max(...wanted)).toBe(wanted[0] ?? 0);
  expect(Math.min(...wanted)).toBeGreaterThan(0);
});

test("a derived image shares all layers but one with its base, and its manifest names what it holds", () => {
  const [base] = images;
  if (base === undefined) throw new Error("no image");
  const derived = makeDerivedImage(base, "b1");
  const shared = derived.layers.filter((layer) => base.layers.some((old) => digestOf(old) === digestOf(layer)));
  expect(shared).toHaveLength(base.layers.length - 1);
  const manifest = JSON.parse(Buffer.from(derived.manifest.bytes).toString());
  expect(manifest.layers.map((layer: { digest: string }) => layer.digest)).toEqual(derived.layers.map(digestOf));
  expect(manifest.config.digest).toBe(digestOf(derived.config));
  expect(derived.repository).toBe(base.repository);
});
