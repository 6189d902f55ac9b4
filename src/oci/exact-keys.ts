import { shorten } from "./digest.ts";

/**
 * Makes a function that finds what is wrong with the keys of a JSON object. Go reads a key in any case, so that one in
 * another case would mean something to a client and nothing here.
 * @param names the keys that are read
 * @returns a function that gives the fault, such as `has a key Digest: write digest`
 */
export function exactKeys(...names: readonly string[]): (value: object) => string | undefined {
  const known = new Set(names);
  const inLowerCase = new Map(names.map((name) => [name.toLowerCase(), name]));
  return (value) => {
    for (const key of Object.keys(value)) {
      if (known.has(key)) continue;
      // There are letters, such as the long s, that are a Latin one only by way of its capital.
      const meant = inLowerCase.get(key.toUpperCase().toLowerCase());
      if (meant !== undefined) return `has a key ${shorten(key)}: write ${meant}`;
    }
    return undefined;
  };
}
