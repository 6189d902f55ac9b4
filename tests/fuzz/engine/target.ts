import type fc from "fast-check";

/** What may go wrong with an input: the check throws. */
export type Check = (input: string) => void | Promise<void>;

/**
 * One thing that reads what strangers write. An input is always a text; where bytes are read, each of its characters up to
 * `\xff` is one of them.
 */
export interface FuzzTarget {
  readonly name: string;
  /** What is right, or nearly so: where mutations begin. Never empty. */
  readonly corpus: readonly string[];
  /** Makes other beginnings. */
  readonly grammar?: fc.Arbitrary<string>;
  /** What means something in this language; mutations put it in. */
  readonly words?: readonly string[];
  /** Longer inputs are cut. Default: 64 KiB. */
  readonly maxLength?: number;
  /** How many inputs `npm test` makes. */
  readonly testInputs: number;
  readonly start?: () => Promise<void>;
  readonly check: Check;
  /** Looks at what the whole run has left behind, and cleans up. */
  readonly finish?: () => Promise<void>;
}

export const USUAL_MAX_LENGTH = 65_536;
