import fc from "fast-check";

import { SeededRandom } from "../../faults/support/seeded-random.ts";
import { mutate } from "./mutate.ts";
import { type FuzzTarget, USUAL_MAX_LENGTH } from "./target.ts";

/** The input that a seed stands for. Each input has a seed of its own, so that it is made again without those before it. */
export function inputOf(target: FuzzTarget, seed: number): string {
  const { corpus, grammar, words = [], maxLength = USUAL_MAX_LENGTH } = target;
  const random = new SeededRandom(seed);
  const isMade = grammar !== undefined && random.isLessThan(0.4);
  const start = isMade ? sampleOf(grammar, random) : random.pick(corpus);
  const isLeftAlone = random.isLessThan(isMade ? 0.3 : 0.03);
  return isLeftAlone ? start.slice(0, maxLength) : mutate(start, random, { corpus, words, maxLength });
}

function sampleOf(grammar: fc.Arbitrary<string>, random: SeededRandom): string {
  const [sample = ""] = fc.sample(grammar, { seed: random.below(2 ** 31), numRuns: 1 });
  return sample;
}
