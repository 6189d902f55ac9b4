/** What was asked for was not done; who asked is told why. */
export class NotDone extends Error {
  override readonly name = "NotDone";
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
