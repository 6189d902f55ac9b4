import type { ConnectionInfo } from "./listener/index.ts";

/** The bytes of a request and its answer, as far as their connection is concerned. */
export class Transfer {
  /** Of a blob, counted as they came, whatever becomes of them. */
  receivedBytes = 0;
  readonly #connection: Pick<ConnectionInfo, "expectLongTransfer" | "withoutIdleTimeout">;

  constructor(connection: Pick<ConnectionInfo, "expectLongTransfer" | "withoutIdleTimeout">) {
    this.#connection = connection;
  }

  /** It may take as long as it likes, as long as it moves. */
  expectLong(): void {
    this.#connection.expectLongTransfer();
  }

  /** Lets `work`, during which no byte moves, take as long as it needs; a long transfer may follow. */
  async whileSilent<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#connection.withoutIdleTimeout(work);
    } finally {
      this.#connection.expectLongTransfer();
    }
  }
}
