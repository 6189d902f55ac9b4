/** One element of DER. */
export interface DerElement {
  /** Class, form and number, as its first byte says. */
  readonly tag: number;
  readonly content: Uint8Array;
}

export const TAGS = {
  oid: 0x06,
  octets: 0x04,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** Steps through the elements of a constructed one, or of a whole. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** Looks at the next tag without going on. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** @throws RangeError if there is none, or not this one */
  next(tag?: number): DerElement {
    const found = this.#byte();
    if (tag !== undefined && found !== tag) throw new RangeError(`there is element ${found} in the place of ${tag}`);
    // Numbers above 30 take more bytes; no certificate has them.
    if ((found & 0x1f) === 0x1f) throw new RangeError("an element with a number above 30");
    const end = this.#length() + this.#offset;
    if (end > this.#bytes.length) throw new RangeError("an element that goes past the end");
    const content = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return { tag: found, content };
  }

  /** The elements inside of the next one. */
  enter(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  /** @throws RangeError if anything is left */
  requireEnd(): void {
    if (!this.isAtEnd) throw new RangeError("something follows the last element");
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw new RangeError("a length that DER does not have");
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1))
      throw new RangeError("a length that is not written the shortest way");
    return length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset++];
    if (byte === undefined) throw new RangeError("an element that goes past the end");
    return byte;
  }
}

/** `2.5.4.3`. @throws RangeError */
export function readOid(content: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (number > Number.MAX_SAFE_INTEGER / 128) throw new RangeError("an object identifier with a huge number");
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  if (numbers.length === 0 || (content.at(-1) ?? 0) >= 0x80)
    throw new RangeError("an object identifier without an end");
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - top * 40, ...rest].join(".");
}

/** Milliseconds since the Unix epoch. @throws RangeError @spec RFC 5280, 4.1.2.5 */
export function readTime({ tag, content }: DerElement): number {
  const text = Buffer.from(content).toString("latin1");
  const digits = tag === TAGS.utcTime ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const iso = digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
  const timeMs = Date.parse(iso);
  const isTime = iso !== digits && (tag === TAGS.utcTime || tag === TAGS.generalizedTime);
  // There is no 31st of February, although it can be calculated with.
  if (!isTime || Number.isNaN(timeMs) || new Date(timeMs).toISOString() !== iso)
    throw new RangeError("a time that is none");
  return timeMs;
}
