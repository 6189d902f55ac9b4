import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { describeFinding, fuzz } from "./engine/fuzz.ts";
import { TARGETS } from "./targets/index.ts";

setDefaultTimeout(120_000);

/** Always the same inputs, so that no run is red by chance: `npm run fuzz` looks for others. */
const SEED = 1;

describe("of mutated inputs none is answered wrongly", () => {
  for (const target of TARGETS) {
    test(`${target.name}: ${target.testInputs} from seed ${SEED}`, async () => {
      const { finding } = await fuzz(target, { seed: SEED, isEnough: (inputs) => inputs >= target.testInputs });
      expect(finding && describeFinding(target, finding)).toBeUndefined();
    });
  }
});
