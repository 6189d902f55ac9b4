import type { LayeredImage } from "./layered-image.ts";

/** What one client does next. */
export interface MixOperation {
  readonly kind: "pull" | "push" | "poll";
  readonly image: LayeredImage;
}

const PULLS = 0.8;
const PUSHES = 0.08;

/** Of 100 operations 80 are pulls, 8 pushes and 12 polls; the n-th popular image is wanted 1/n times as often as the first. */
export function chooseOperation(random: () => number, images: readonly LayeredImage[]): MixOperation {
  const lot = random();
  const kind = lot < PULLS ? "pull" : lot < PULLS + PUSHES ? "push" : "poll";
  return { kind, image: choosePopular(random, images) };
}

/** Numbers from 0 up to 1 that are the same for the same seed, so that every server gets the same mix (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function choosePopular(random: () => number, images: readonly LayeredImage[]): LayeredImage {
  const weights = images.map((_, index) => 1 / (index + 1));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  const chosen = images[index] ?? images[0];
  if (chosen === undefined) throw new RangeError("no image to choose from");
  return chosen;
}
