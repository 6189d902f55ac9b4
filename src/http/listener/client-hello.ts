/**
 * Reads which protocols a client offers by ALPN from the first bytes of a TLS connection.
 *
 * @returns `undefined` while more bytes are needed; an empty list when it offers none or this is not TLS
 * @spec RFC 8446, section 4.1.2 (ClientHello), RFC 7301, section 3.1
 */
export function readOfferedProtocols(bytes: Buffer): readonly string[] | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] !== handshakeRecord) return [];
  if (bytes.length < 9) return undefined;
  // A hello may span records; no client of a challenge sends one so large, so such a hello is nobody's challenge.
  const end = 5 + bytes.readUInt16BE(3);
  if (bytes[5] !== clientHello) return [];
  if (bytes.length < end) return undefined;
  try {
    return protocolsOf(new Reader(bytes.subarray(9, end)));
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

const handshakeRecord = 22;
const clientHello = 1;
const alpnExtension = 16;

function protocolsOf(hello: Reader): string[] {
  hello.take(2 + 32); // version, random
  hello.take(hello.number(1)); // session id
  hello.take(hello.number(2)); // cipher suites
  hello.take(hello.number(1)); // compression methods
  const extensions = new Reader(hello.take(hello.number(2)));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const body = new Reader(extensions.take(extensions.number(2)));
    if (type === alpnExtension) return namesOf(new Reader(body.take(body.number(2))));
  }
  return [];
}

function namesOf(list: Reader): string[] {
  const names: string[] = [];
  while (!list.isAtEnd) names.push(list.take(list.number(1)).toString("latin1"));
  return names;
}

/** Steps through bytes; throws RangeError past their end. */
class Reader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  number(lengthBytes: number): number {
    const value = this.#bytes.readUIntBE(this.#offset, lengthBytes);
    this.#offset += lengthBytes;
    return value;
  }

  take(lengthBytes: number): Buffer {
    const end = this.#offset + lengthBytes;
    if (end > this.#bytes.length) throw new RangeError("past the end");
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}
