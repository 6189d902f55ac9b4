import { digestOf } from "../../../src/oci/index.ts";
import { type Answer, HttpClient } from "../../support/http-client.ts";
import type { Ledger, Value } from "./ledger.ts";

const readersAtOnce = 8;

/**
 * The digest of the bytes that were really received.
 *
 * @throws when the answer is neither content nor 404, or claims another digest than it has.
 */
export function readValue(path: string, { status, headers, bytes, text }: Answer): Value {
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
  const digest = digestOf(bytes);
  const claimed = headers.get("docker-content-digest");
  if (claimed !== digest) throw new Error(`${path} gives ${digest} and claims to be ${String(claimed)}`);
  return digest;
}

/** Pulls every path and lets the ledger judge. */
export async function settlePaths(ledger: Ledger, url: string, paths: readonly string[]): Promise<void> {
  const http = new HttpClient(url);
  const waiting = [...paths];
  const actual = new Map<string, Value>();
  const read = async () => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      actual.set(path, readValue(path, await http.get(path)));
    }
  };
  await Promise.all(Array.from({ length: readersAtOnce }, read));
  ledger.settle(actual);
}
