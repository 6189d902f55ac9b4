/** Every header that an answer of ours may have, written as in its specification. */
const HEADER_NAMES = [
  "Accept-Ranges",
  "Allow",
  "Cache-Control",
  "Content-Disposition",
  "Content-Length",
  "Content-Range",
  "Content-Type",
  "Docker-Content-Digest",
  "Docker-Distribution-Api-Version",
  "Docker-RateLimit-Source",
  "Docker-Upload-UUID",
  "ETag",
  "Link",
  "Location",
  "OCI-Filters-Applied",
  "OCI-Subject",
  "OCI-Tag",
  "Range",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "Retry-After",
  "Vary",
  "WWW-Authenticate",
  "Warning",
  "X-Request-Id",
] as const;

export type AnswerHeaders = Partial<Record<(typeof HEADER_NAMES)[number], string>>;

/** What a handler answers, before the edge adds what all answers have. Plain, as making `Headers` twice costs more than all else. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Blob | ReadableStream<Uint8Array> | Uint8Array | string | null;
  /** One `Set-Cookie` header each. */
  readonly cookies?: readonly string[] | undefined;
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: AnswerHeaders = {}): Answer {
  return { status, headers, body: null };
}

/** An answer in JSON that says how long it is, for the logs too. */
export function jsonAnswer(value: unknown, headers: AnswerHeaders = {}, status = 200): Answer {
  const body = JSON.stringify(value);
  const length = String(Buffer.byteLength(body));
  return { status, headers: { "Content-Type": "application/json", ...headers, "Content-Length": length }, body };
}

/** The same answer as HEAD gets it. */
export function withoutBody(answer: Answer): Answer {
  return answer.body === null ? answer : { ...answer, body: null };
}

/** The headers of rows that are given out again and again, made once for each: to make them is a tenth of a small request. */
export class KeptHeaders {
  readonly #byRow = new WeakMap<object, AnswerHeaders>();

  of(row: object, make: () => AnswerHeaders): AnswerHeaders {
    const known = this.#byRow.get(row);
    if (known) return known;
    const made = Object.freeze(make());
    this.#byRow.set(row, made);
    return made;
  }
}

/** What answers have beside their own headers, which win. */
export class CommonHeaders {
  /** For nobody to change. */
  readonly alone: Headers;
  readonly #together = new WeakMap<AnswerHeaders, Headers>();

  constructor(common: Readonly<Record<string, string>>) {
    this.alone = new Headers(common);
  }

  /** Both, in the form that Bun copies fastest, for nobody to change. */
  with(frozen: AnswerHeaders): Headers {
    const known = this.#together.get(frozen);
    if (known) return known;
    const together = new Headers(this.alone);
    setEach(together, frozen);
    this.#together.set(frozen, together);
    return together;
  }
}

const NOTHING_IN_COMMON = new CommonHeaders({});

/** What Bun sends. */
export function responseOf({ status, headers, body, cookies }: Answer, common = NOTHING_IN_COMMON): Response {
  const isKept = Object.isFrozen(headers);
  const init = { status, headers: isKept ? common.with(headers) : common.alone };
  const response = new Response(body as Blob | null, init);
  // One by one: a Response takes longer to read an object.
  if (!isKept) setEach(response.headers, headers);
  if (cookies) for (const cookie of cookies) response.headers.append("Set-Cookie", cookie);
  return response;
}

function setEach(target: Headers, headers: AnswerHeaders): void {
  for (const name of Object.keys(headers) as (keyof AnswerHeaders)[]) target.set(name, headers[name] ?? "");
}

/** The name as answers write it, if it is one of theirs: an object would hold both spellings. */
export function canonicalHeaderName(name: string): string {
  const lowerCase = name.toLowerCase();
  return HEADER_NAMES.find((known) => known.toLowerCase() === lowerCase) ?? name;
}
