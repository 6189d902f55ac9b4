/** There is nothing to ask; the message says what to do. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
