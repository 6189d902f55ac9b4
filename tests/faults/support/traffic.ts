import { type Answer, type Ask, HttpClient, parseErrorBody } from "../../support/http-client.ts";

/** What a request was for. */
export type RequestKind = "data" | "commit" | "manifest" | "tag" | "mount" | "delete" | "pull";

/** The registry said that it cannot now, as it should: 503 or 507, in JSON, with `Retry-After`. */
export class RefusedError extends Error {}

/** The registry was ended on purpose. */
export class CutOffError extends Error {}

export interface TrafficOptions {
  /** Told of each request as it is sent. */
  readonly onSend?: (kind: RequestKind) => void;
}

export interface RefusalOptions {
  /** Pulls as well; else they go on. */
  readonly ofPulls?: boolean;
}

export interface Request extends Ask {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  /** Statuses that the test can go on with. */
  readonly expected: readonly number[];
}

/** The requests of one life of a registry, counted. */
export class Traffic {
  readonly answered = new Map<RequestKind, number>();
  readonly refused = new Map<number, number>();
  readonly #http: HttpClient;
  readonly #onSend: (kind: RequestKind) => void;
  readonly #inFlight = new Map<RequestKind, number>();
  #isOver = false;
  #isCut = false;
  #isCutInPart = false;
  #isDeaf = false;
  #mayRefuse = false;
  #mayRefusePulls = false;

  constructor(url: string, { onSend = () => undefined }: TrafficOptions = {}) {
    this.#http = new HttpClient(url);
    this.#onSend = onSend;
  }

  /** Clients end after the request at hand. */
  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** From now on a connection that breaks is no failure: the registry is about to be killed. */
  cut(): void {
    this.#isCut = true;
    this.#isOver = true;
  }

  /** As {@link cut}, for a machine without power: what it still says cannot have been said. */
  cutAndHearNothing(): void {
    this.#isDeaf = true;
    this.cut();
  }

  /**
   * As {@link cut}, for one of several processes. Another may answer for it that it is away, whatever was done before; and where a
   * connection breaks, our own HTTP client asks another one again, for which there may be nothing left to do.
   */
  cutInPart(): void {
    this.#isCutInPart = true;
    this.cut();
  }

  /** From now on it may say that it cannot. */
  allowRefusals({ ofPulls = false }: RefusalOptions = {}): void {
    this.#mayRefuse = true;
    this.#mayRefusePulls = ofPulls;
  }

  /** What waits for an answer. */
  inFlight(): readonly RequestKind[] {
    return [...this.#inFlight].filter(([, count]) => count > 0).map(([kind]) => kind);
  }

  /**
   * @throws CutOffError, RefusedError
   * @throws Error when the answer is another one
   */
  async ask({ kind, method, path, expected, ...ask }: Request): Promise<Answer> {
    if (this.#isCut) throw new CutOffError();
    const sent = this.#send(kind, method, path, ask);
    this.#onSend(kind);
    const answer = await sent;
    if (this.#isDeaf) throw new CutOffError();
    if (expected.includes(answer.status)) {
      count(this.answered, kind);
      return answer;
    }
    if (this.#isCutInPart && (answer.status < 500 || isRefusal(answer))) {
      count(this.refused, answer.status);
      throw new CutOffError();
    }
    const about = `${method} ${path}: ${answer.status} ${answer.text}`;
    if ((kind === "pull" ? this.#mayRefusePulls : this.#mayRefuse) && isRefusal(answer)) {
      count(this.refused, answer.status);
      throw new RefusedError(about);
    }
    throw new Error(about);
  }

  async #send(kind: RequestKind, method: string, path: string, ask: Ask): Promise<Answer> {
    count(this.#inFlight, kind);
    try {
      return await this.#http.ask(method, path, ask);
    } catch (error) {
      if (this.#isCut) throw new CutOffError();
      throw new Error(`no answer to ${method} ${path}`, { cause: error });
    } finally {
      count(this.#inFlight, kind, -1);
    }
  }
}

export function isRefusal(answer: Answer): boolean {
  if (answer.status !== 503 && answer.status !== 507) return false;
  return parseErrorBody(answer.text) !== undefined && Number(answer.headers.get("retry-after")) > 0;
}

export function count<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export function sumOf(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0);
}

/** `a 1, b 2`, for a line of figures. */
export function describeCounts(counts: ReadonlyMap<unknown, number>): string {
  return counts.size === 0 ? "none" : [...counts].map(([key, number]) => `${String(key)} ${number}`).join(", ");
}
