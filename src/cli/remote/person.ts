import type { Terminal } from "../terminal.ts";

/** Somebody would have to be asked, and nobody is there. */
export class NobodyToAsk extends Error {
  override readonly name = "NobodyToAsk";
}

/** The person ended it. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const ENTER = /[\r\n]/;
const END = "\u0004";
const INTERRUPT = "\u0003";
const ERASE = /[\b\u007f]/;

/** Who sits at the terminal, if anybody does. */
export class Person {
  readonly #terminal: Terminal;
  #input: AsyncIterator<string | Uint8Array> | undefined;
  /** Typed already, and not taken yet. */
  #ahead: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get isThere(): boolean {
    return this.#terminal.stdin?.isTTY ?? false;
  }

  /** @throws NobodyToAsk, Interrupted */
  async ask(question: string): Promise<string> {
    this.#requireThere(question);
    this.#terminal.stderr.write(question);
    return (await this.#readLine()).trim();
  }

  /**
   * What is typed is not shown.
   * @param instead what whoever has no terminal does
   * @throws NobodyToAsk, Interrupted
   */
  async askSecret(question: string, instead = "give it by --password-stdin"): Promise<string> {
    this.#requireThere(question, instead);
    const { stdin, stderr } = this.#terminal;
    stderr.write(question);
    stdin?.setRawMode?.(true);
    try {
      return await this.#readLine();
    } finally {
      stdin?.setRawMode?.(false);
      stderr.write("\n");
    }
  }

  /** Says what was not right with an answer, before it is asked for again. */
  tell(problem: string): void {
    this.#terminal.stderr.write(`${problem}\n`);
  }

  /** All that is piped in, without the last line's end. @throws NobodyToAsk */
  async readPiped(): Promise<string> {
    const { stdin } = this.#terminal;
    if (!stdin || stdin.isTTY) throw new NobodyToAsk("nothing is piped in");
    let text = "";
    for await (const piece of stdin) text += textOf(piece);
    return text.replace(/\r?\n$/, "");
  }

  async close(): Promise<void> {
    await this.#input?.return?.();
  }

  #requireThere(question: string, instead?: string): void {
    const rest = instead === undefined ? "" : `, ${instead}`;
    if (!this.isThere)
      throw new NobodyToAsk(`${question.replace(/[:?]? *$/, "")}: there is no terminal to ask at${rest}`);
  }

  async #readLine(): Promise<string> {
    let line = "";
    for (let key = await this.#nextKey(); key !== undefined; key = await this.#nextKey()) {
      if (ENTER.test(key) || (key === END && line === "")) return line;
      if (key === INTERRUPT) throw new Interrupted("interrupted");
      line = ERASE.test(key) ? line.replace(/.$/su, "") : line + key;
    }
    if (line === "") throw new Interrupted("nothing was typed");
    return line;
  }

  async #nextKey(): Promise<string | undefined> {
    this.#input ??= this.#terminal.stdin?.[Symbol.asyncIterator]();
    while (this.#ahead.length === 0) {
      const next = await this.#input?.next();
      if (!next || next.done) return undefined;
      this.#ahead = Array.from(textOf(next.value));
    }
    return this.#ahead.shift();
  }
}

function textOf(piece: string | Uint8Array): string {
  return typeof piece === "string" ? piece : new TextDecoder().decode(piece);
}
