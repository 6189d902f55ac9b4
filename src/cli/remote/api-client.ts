import type { ApiList, ApiProblem } from "../../http/index.ts";

/** Where the API is asked. */
export interface ApiConnection {
  /** Such as `https://registry.example/api/v1`. */
  readonly base: string;
  /** The server, as it was named; `undefined` for a database. */
  readonly server?: string;
  /** What helps where the server does not know who asks. */
  readonly remedy?: string;
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** The API would not do it; the message is the API's. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly problem: ApiProblem;

  constructor(problem: ApiProblem) {
    super(problem.detail);
    this.problem = problem;
  }

  /** Such as `conflict`. */
  get kind(): string {
    return this.problem.type.replace(/^.*:/, "");
  }
}

/** The API could not be asked, or what answered is no API of ours. */
export class ApiUnreachable extends Error {
  override readonly name = "ApiUnreachable";
}

/** A path of the API, with every value in it encoded. */
export function at(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: texts }, ...values.map((value) => encodeURIComponent(value)));
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** Asks the management API. Every method throws {@link ApiRefusal} or {@link ApiUnreachable} where it gets no success. */
export class ApiClient {
  readonly #connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.#connection = connection;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json("GET", path + queryText(query));
  }

  /** All of a list. */
  async list<T>(path: string, query: Query = {}): Promise<readonly T[]> {
    const items: T[] = [];
    for await (const page of this.pages<T>(path, query)) items.push(...page);
    return items;
  }

  async *pages<T>(path: string, query: Query = {}): AsyncGenerator<readonly T[], void, void> {
    for (let next: string | undefined = path + queryText(query); next !== undefined;) {
      const response = await this.#send("GET", next);
      yield ((await response.json()) as ApiList<T>).items;
      next = nextOf(response.headers.get("link"));
    }
  }

  /** What is given out line by line. */
  async *lines(path: string, query: Query = {}): AsyncGenerator<string, void, void> {
    const response = await this.#send("GET", path + queryText(query));
    const decoder = new TextDecoder();
    let rest = "";
    for await (const piece of this.#pieces(response)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  }

  async *#pieces(response: Response): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* response.body ?? [];
    } catch (error) {
      throw new ApiUnreachable(`${this.#connection.base} broke off: ${(error as Error).message}`, { cause: error });
    }
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#json("POST", path, body);
  }

  put<T = void>(path: string, body?: unknown): Promise<T> {
    return this.#json("PUT", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#json("PATCH", path, body);
  }

  delete(path: string, query: Query = {}): Promise<void> {
    return this.#json("DELETE", path + queryText(query));
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#send(method, path, body);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    const request = new Request(this.#connection.base + path, {
      method,
      redirect: "error",
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
    const response = await this.#connection.fetch(request).catch((error: unknown) => {
      const { server = "" } = this.#connection;
      throw new ApiUnreachable(`${server} cannot be reached: ${reasonOf(error, server)}`, { cause: error });
    });
    if (response.ok) return response;
    throw await refusalOf(response, this.#connection);
  }
}

function reasonOf(error: unknown, server: string): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  // The rest of it is advice to programmers.
  const [said = ""] = message.split(" For more information");
  if (/CERT|VERIFY/.test(code)) return `${said}; with an authority of your own, set NODE_EXTRA_CA_CERTS to its file`;
  return code === "ECONNRESET" && server.startsWith("http:")
    ? `${said} (if it has TLS, write ${server.replace("http:", "https:")})`
    : said;
}

async function refusalOf(response: Response, { base, remedy }: ApiConnection): Promise<Error> {
  const text = await response.text();
  if (response.headers.get("content-type") === "application/problem+json") {
    const problem = JSON.parse(text) as ApiProblem;
    const isUnknown = problem.status === 401 && remedy !== undefined;
    return new ApiRefusal(isUnknown ? { ...problem, detail: `${problem.detail}: ${remedy}` } : problem);
  }
  const told = `${base} answers with ${response.status}, and is no management API of Berth`;
  return new ApiUnreachable(
    response.status === 404 ? `${told}; where nobody signs in there is none, and commands take --local` : told,
  );
}

function queryText(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given.toString()}`;
}

/** Below the API's base, wherever a proxy has that. */
function nextOf(link: string | null): string | undefined {
  return /^<[^>]*?\/api\/v1(\/[^>]*)>; rel="next"$/.exec(link ?? "")?.[1];
}
