import { randomInt } from "node:crypto";

/** Random choices that a seed repeats. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    // mulberry32, whose whole state is one word: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  isLessThan(chance: number): boolean {
    return this.next() < chance;
  }

  /** @throws when there is nothing to pick from. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  /** A generator of its own, so that who uses it does not depend on the others' turns. */
  fork(): SeededRandom {
    return new SeededRandom(this.below(2 ** 32));
  }
}

/** A seed that is told, so that the same choices can be made again: `FAULTS_SEED=…`. What the machine does in time differs. */
export function startRandom(about: string): SeededRandom {
  const given = process.env["FAULTS_SEED"];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  console.log(`${about}: seed ${seed}`);
  return new SeededRandom(seed);
}
