import type { Content } from "../../support/oci-content.ts";
import { octetStream } from "../../support/push-content.ts";
import type { Traffic } from "./traffic.ts";

/** An upload of content that is known, with what was sent and what was acknowledged. */
export class UploadSession {
  readonly content: Content;
  /** It may have ended: finished by a request without an answer, purged, or never durable. */
  mayBeGone = false;
  isGone = false;
  readonly #repositoryPath: string;
  #path = "";
  /** Where the registry said that it stands. */
  #acknowledgedBytes = 0;
  #sentBytes = 0;

  constructor(repositoryPath: string, content: Content) {
    this.#repositoryPath = repositoryPath;
    this.content = content;
  }

  get isComplete(): boolean {
    return this.#acknowledgedBytes === this.content.bytes.byteLength;
  }

  /** That it was started is durable only once something was sent. */
  get isDurable(): boolean {
    return this.#acknowledgedBytes > 0;
  }

  finishPath(): string {
    return `${this.#path}?digest=${this.content.digest}`;
  }

  async start(traffic: Traffic): Promise<void> {
    const path = `${this.#repositoryPath}/blobs/uploads/`;
    const answer = await traffic.ask({ kind: "data", method: "POST", path, expected: [202] });
    this.#path = new URL(answer.headers.get("location") ?? "", "http://registry").pathname;
  }

  async sendPart(traffic: Traffic, sizeBytes: number): Promise<void> {
    const from = this.#acknowledgedBytes;
    const body = this.content.bytes.subarray(from, from + sizeBytes);
    const end = from + body.byteLength;
    this.#sentBytes = Math.max(this.#sentBytes, end);
    const headers = { ...octetStream, "content-range": `${from}-${end - 1}` };
    const expected = this.#expecting(202);
    const answer = await traffic.ask({ kind: "data", method: "PATCH", path: this.#path, body, headers, expected });
    if (answer.status === 404) this.isGone = true;
    else this.#acknowledgedBytes = end;
  }

  /**
   * Asks where to go on.
   *
   * @throws when less is there than was acknowledged, or more than was sent.
   */
  async findOffset(traffic: Traffic): Promise<void> {
    const answer = await traffic.ask({ kind: "pull", method: "GET", path: this.#path, expected: this.#expecting(204) });
    if (answer.status === 404) {
      this.isGone = true;
      return;
    }
    const range = answer.headers.get("range") ?? "";
    const lastByte = Number(/^0-(\d+)$/.exec(range)?.[1]);
    // Nothing is said as `0-0`, and so is one byte.
    const offset = lastByte === 0 ? this.#acknowledgedBytes : lastByte + 1;
    if (!(offset >= this.#acknowledgedBytes && offset <= this.#sentBytes) || (lastByte === 0 && offset > 1)) {
      throw new Error(
        `${this.#path} stands at "${range}"; ${this.#acknowledgedBytes} acknowledged, ${this.#sentBytes} sent`,
      );
    }
    this.#acknowledgedBytes = offset;
  }

  #expecting(status: number): readonly number[] {
    return this.mayBeGone ? [status, 404] : [status];
  }
}
