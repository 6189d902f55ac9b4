import type { Piece } from "../../support/raw-http.ts";

/** A request as no client library would send it, byte for byte, and its only right answer. */
export interface UnusualRow {
  readonly about: string;
  readonly send: readonly Piece[] | ((world: World) => Promise<readonly Piece[]>);
  /** 0: the connection is closed without an answer. A list where timing decides which of them. */
  readonly status: number | readonly number[];
  readonly code?: string;
  /** The HTTP server answers by itself, before the registry sees anything: without JSON, and without the registry's headers. */
  readonly byServer?: true;
  /** We go away after the last byte. */
  readonly hangUp?: true;
}

/** What rows need to be there: each call makes something new. All give paths. */
export interface World {
  /** An upload with these bytes. */
  upload(text?: string): Promise<string>;
  finishedUpload(): Promise<string>;
  cancelledUpload(): Promise<string>;
}

export interface RequestParts {
  /** Header lines, as they are sent. */
  readonly headers?: readonly string[];
  /** Its length is announced, unless `headers` say something of length. */
  readonly body?: string;
  /** `null`: no such header. */
  readonly host?: string | null;
  readonly version?: string;
}

/** Writes a request. Nothing in it is checked, encoded or put right. */
export function request(method: string, target: string, parts: RequestParts = {}): string {
  const { headers = [], body, host = "registry.example", version = "HTTP/1.1" } = parts;
  const saysLength = headers.some((line) => /^(?:content-length|transfer-encoding)\b/i.test(line));
  const lines = [
    `${method} ${target} ${version}`,
    ...(host === null ? [] : [`Host: ${host}`]),
    ...headers,
    ...(body === undefined || saysLength ? [] : [`Content-Length: ${Buffer.byteLength(body, "latin1")}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

export const get = (target: string, parts?: RequestParts): readonly Piece[] => [request("GET", target, parts)];

/** One row of each of many values: what to send and the one answer. */
export function each<Value>(
  about: string,
  values: readonly Value[],
  row: (value: Value) => Omit<UnusualRow, "about">,
): readonly UnusualRow[] {
  return values.map((value) => {
    const shown = String(value);
    const name = shown.length > 70 ? `${shown.slice(0, 60)}… (${shown.length} characters)` : shown;
    return { about: `${about} ${JSON.stringify(name)}`, ...row(value) };
  });
}
