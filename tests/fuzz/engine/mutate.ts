import type { SeededRandom } from "../../faults/support/seeded-random.ts";

/** What mutations take from. */
export interface MutationSource {
  /** Other inputs, to cross with. */
  readonly corpus: readonly string[];
  readonly words: readonly string[];
  readonly maxLength: number;
}

type Mutation = (text: string, random: SeededRandom, source: MutationSource) => string;

/** Characters that programs trip over: ends of lines and texts, signs of all our languages, what Unicode folds or splits. */
const CHARACTERS = [
  "\0\t\n\r\x1b\x7f \"'\\/%:;,.=-_@#?&+*~<>[]{}()|^`$!0129azAZ",
  "\x80\xa0\xad\xe9\xff\u017f\u212a\u0130\u0660\u2028\u202e\u3000\ufeff\ufffd\uffff\ud800\udfff😀",
].flatMap((characters) => characters.split(""));

const NUMBERS = [
  ..."0 1 -1 00 007 0x10 1e3 1.5 -0 1e309 NaN Infinity 127 128 255 256 32767 65535 65536".split(" "),
  ..."2147483647 2147483648 4294967295 4294967296 9007199254740991 9007199254740992 9007199254740993".split(" "),
  ..."9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616".split(" "),
  "9".repeat(400),
];

const WORDS = [
  ..."../ .. . // %2e%2e%2f %00 %ff %ed%a0%80 \r\n \r\n\r\n null true {} [] -- , ; \0 \xff\xfe \xef\xbb\xbf".split(" "),
  ..."__proto__ constructor toString hasOwnProperty".split(" "),
];

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  replaceCharacter,
  insertWord,
  insertWord,
  removePart,
  removePart,
  repeatPart,
  movePart,
  splice,
  replaceNumber,
  replaceNumber,
  nest,
  changeCase,
];

/** Makes something near the text: one change, or several, one after another. */
export function mutate(text: string, random: SeededRandom, source: MutationSource): string {
  let mutated = text;
  do mutated = random.pick(MUTATIONS)(mutated, random, source).slice(0, source.maxLength);
  while (random.isLessThan(0.55));
  return mutated;
}

function flipBit(text: string, random: SeededRandom): string {
  const place = random.below(text.length);
  const flipped = text.charCodeAt(place) ^ (1 << random.below(8));
  return text === "" ? text : replaced(text, place, place + 1, String.fromCharCode(flipped));
}

function replaceCharacter(text: string, random: SeededRandom): string {
  const place = random.below(text.length + 1);
  return replaced(text, place, place + random.below(2), random.pick(CHARACTERS));
}

function insertWord(text: string, random: SeededRandom, { words }: MutationSource): string {
  const place = random.below(text.length + 1);
  return replaced(text, place, place, random.pick(words.length > 0 && random.isLessThan(0.7) ? words : WORDS));
}

function removePart(text: string, random: SeededRandom): string {
  return replaced(text, ...partOf(text, random), "");
}

/** Once, or so often that it becomes very long. */
function repeatPart(text: string, random: SeededRandom, { maxLength }: MutationSource): string {
  const [from, to] = partOf(text, random);
  const most = Math.floor((maxLength - text.length) / Math.max(1, to - from));
  if (most < 1) return text;
  const times = random.isLessThan(0.7) ? 1 : Math.floor(most ** random.next());
  return replaced(text, to, to, text.slice(from, to).repeat(times));
}

function movePart(text: string, random: SeededRandom): string {
  const [from, to] = partOf(text, random);
  const rest = replaced(text, from, to, "");
  const place = random.below(rest.length + 1);
  return replaced(rest, place, place, text.slice(from, to));
}

/** The beginning of this and the end of another, or a part of another in the middle. */
function splice(text: string, random: SeededRandom, { corpus }: MutationSource): string {
  const other = random.pick(corpus);
  const [from, to] = partOf(other, random);
  const part = random.isLessThan(0.5) ? other.slice(from) : other.slice(from, to);
  return replaced(text, ...partOf(text, random), part);
}

function replaceNumber(text: string, random: SeededRandom): string {
  const numbers = [...text.slice(0, 8192).matchAll(/\d+/g)];
  if (numbers.length === 0) return text;
  const { index, 0: digits } = random.pick(numbers);
  return replaced(text, index, index + digits.length, random.pick(NUMBERS));
}

/** Up to so deep that a reader which calls itself for each level is in trouble. */
function nest(text: string, random: SeededRandom, { maxLength }: MutationSource): string {
  const [from, to] = partOf(text, random);
  const [open, close] = random.pick([
    ["[", "]"],
    ["{", "}"],
    ['{"a":', "}"],
    ["(", ")"],
    ['"', '"'],
  ] as const);
  const depth = Math.floor(Math.max(1, maxLength / (open.length + 1)) ** random.next());
  const isClosed = random.isLessThan(0.7);
  return replaced(text, from, to, open.repeat(depth) + text.slice(from, to) + (isClosed ? close.repeat(depth) : ""));
}

function changeCase(text: string, random: SeededRandom): string {
  const [from, to] = partOf(text, random);
  const part = text.slice(from, to);
  return replaced(text, from, to, random.isLessThan(0.5) ? part.toUpperCase() : part.toLowerCase());
}

/** Mostly short. */
function partOf(text: string, random: SeededRandom): [number, number] {
  const from = random.below(text.length + 1);
  const length = Math.floor((text.length - from + 1) ** random.next());
  return [from, Math.min(text.length, from + length)];
}

function replaced(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}
