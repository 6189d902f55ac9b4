/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
  /** @throws when the body is not JSON. */
  json(): unknown;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
}

/** Asks a registry over HTTP and gives answers back whole, whatever they are: nothing is followed, retried or unpacked. */
export class HttpClient {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param headers sent with each request. */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url;
    this.#headers = headers;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask("GET", path, { headers });
  }

  head(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask("HEAD", path, { headers });
  }

  post(path: string, options: Ask = {}): Promise<Answer> {
    return this.ask("POST", path, options);
  }

  put(path: string, options: Ask = {}): Promise<Answer> {
    return this.ask("PUT", path, options);
  }

  patch(path: string, options: Ask = {}): Promise<Answer> {
    return this.ask("PATCH", path, options);
  }

  delete(path: string): Promise<Answer> {
    return this.ask("DELETE", path);
  }

  /** @param path or a whole URL, such as a `Location`; whatever host it names, it is this registry that is asked. */
  async ask(method: string, path: string, { headers = {}, body }: Ask = {}): Promise<Answer> {
    const { pathname, search } = new URL(path, this.url);
    const response = await fetch(`${this.url}${pathname}${search}`, {
      method,
      headers: { ...this.#headers, ...headers },
      ...(body !== undefined && { body }),
      redirect: "manual",
      decompress: false,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    const { status } = response;
    return { status, headers: response.headers, bytes, text, json: () => JSON.parse(text) as unknown };
  }
}

/** The codes of an error answer, in order; none when the body is not one. */
export function errorCodes(answer: Pick<Answer, "text">): readonly string[] {
  const body = parseErrorBody(answer.text);
  return body?.errors.map(({ code }) => code) ?? [];
}

export interface ErrorBody {
  readonly errors: readonly { readonly code: string; readonly message: string; readonly detail: unknown }[];
}

/** `undefined` unless the text is JSON in the form that the specification gives for errors. */
export function parseErrorBody(text: string): ErrorBody | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isErrorBody(body) ? body : undefined;
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== "object" || body === null || !("errors" in body)) return false;
  const { errors } = body;
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return errors.every((error: unknown) => {
    if (typeof error !== "object" || error === null) return false;
    const { code, message } = error as Record<string, unknown>;
    return typeof code === "string" && /^[A-Z_]+$/.test(code) && typeof message === "string";
  });
}
