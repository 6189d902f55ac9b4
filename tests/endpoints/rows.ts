import { expect, test } from "bun:test";

import { type Answer, errorCodes, type HttpClient, parseErrorBody } from "../support/http-client.ts";

/** One request and all that its answer must be. `{url}` stands for the registry's address, `{repo}` for a name of the row's own. */
export interface Row {
  /** What the row is about; the request itself is added to it. */
  readonly about: string;
  /** Makes what the request needs. */
  readonly given?: (http: HttpClient, repository: string) => Promise<unknown>;
  /** Such as `GET /v2/{repo}/tags/list`, or what `given` gave. */
  readonly ask: string | ((given: unknown, repository: string) => string);
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly status: number;
  /** `null`: the header must not be there. */
  readonly answers?: Readonly<Record<string, string | RegExp | null>>;
  /** The whole body as JSON, as text, or its bytes. */
  readonly json?: unknown;
  readonly text?: string | RegExp;
  readonly bytes?: Uint8Array;
  /** The code of an error answer; with `count` that many of them. */
  readonly code?: string;
  readonly count?: number;
}

/** Makes a test of each row. */
export function testRows(http: () => HttpClient, rows: readonly Row[]): void {
  for (const row of rows) {
    const shown = typeof row.ask === "string" ? row.ask : "";
    test(`${row.about}${shown && `: ${shown}`} → ${row.status}${row.code ? ` ${row.code}` : ""}`, () =>
      checkRow(http(), row));
  }
}

let repositories = 0;

async function checkRow(http: HttpClient, row: Row): Promise<void> {
  const repository = `row/number${++repositories}`;
  const given = await row.given?.(http, repository);
  const asked = typeof row.ask === "string" ? row.ask : row.ask(given, repository);
  const [method = "", path = ""] = fillIn(asked, http, repository).split(" ");
  const { headers = {}, body } = row;
  const answer = await http.ask(method, path, { headers, ...(body !== undefined && { body }) });
  expect(`${answer.status} ${errorCodes(answer).at(0) ?? ""}`).toBe(
    `${row.status} ${method === "HEAD" ? "" : (row.code ?? "")}`,
  );
  checkHeaders(answer, row, (text) => fillIn(text, http, repository));
  checkBody(answer, row, (text) => fillIn(text, http, repository));
  checkForm(answer, method);
}

function fillIn(text: string, http: HttpClient, repository: string): string {
  return text.replaceAll("{url}", http.url).replaceAll("{repo}", repository);
}

function checkHeaders(answer: Answer, row: Row, fill: (text: string) => string): void {
  for (const [name, expected] of Object.entries(row.answers ?? {})) {
    const actual = answer.headers.get(name);
    if (expected instanceof RegExp)
      expect(`${name}: ${actual ?? ""}`).toMatch(new RegExp(`^${name}: ${expected.source}$`, expected.flags));
    else expect(`${name}: ${String(actual)}`).toBe(`${name}: ${expected === null ? "null" : fill(expected)}`);
  }
}

function checkBody(answer: Answer, row: Row, fill: (text: string) => string): void {
  if (row.json !== undefined) expect(answer.json()).toEqual(JSON.parse(fill(JSON.stringify(row.json))));
  if (row.bytes !== undefined) expect(answer.bytes).toEqual(new Uint8Array(row.bytes));
  if (typeof row.text === "string") expect(answer.text).toBe(fill(row.text));
  if (row.text instanceof RegExp) expect(answer.text).toMatch(row.text);
  if (row.count !== undefined) expect(errorCodes(answer)).toHaveLength(row.count);
}

/** What every answer must be, whatever it says. */
export function checkForm(answer: Pick<Answer, "status" | "headers" | "text">, method: string): void {
  const { status, headers, text } = answer;
  expect(headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  expect(headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
  expect(status).toBeLessThan(500);
  // Empty where nothing is possible at the moment.
  if (status === 405) expect(headers.get("allow")).toMatch(/^(?:[A-Z]+(?:, [A-Z]+)*)?$/);
  if (status === 401) expect(headers.get("www-authenticate")).toBeTruthy();
  if (method === "HEAD" || status === 204 || status === 304) expect(text).toBe("");
  else if (status >= 400) {
    expect(headers.get("content-type")).toBe("application/json");
    expect(parseErrorBody(text)).toBeDefined();
  }
}
