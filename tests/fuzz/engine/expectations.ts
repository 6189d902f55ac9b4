import { ok } from "node:assert/strict";

import { ERROR_TABLE } from "../../../src/http/error-table.ts";
import { RegistryError, type RegistryErrorKind } from "../../../src/oci/index.ts";

export type Outcome<T, E> =
  | { readonly isAccepted: true; readonly value: T }
  | { readonly isAccepted: false; readonly error: E };

/** What a parser made of its input: a value, or the error that it may throw. Any other error is thrown on. */
export function outcomeOf<T, E>(parse: () => T, isRefusal: (error: unknown) => error is E): Outcome<T, E> {
  try {
    return { isAccepted: true, value: parse() };
  } catch (error) {
    if (isRefusal(error)) return { isAccepted: false, error };
    throw error;
  }
}

/** The same for what throws registry errors, of these kinds: the client is told that it is to blame, and in few words. */
export function registryOutcomeOf<T>(
  parse: () => T,
  ...kinds: readonly RegistryErrorKind[]
): Outcome<T, RegistryError> {
  const outcome = outcomeOf(parse, isRegistryError);
  if (!outcome.isAccepted) checkRefusal(outcome.error, kinds);
  return outcome;
}

/** The longest text that an answer repeats has 300 characters, of which each may become `\uXXXX`. */
const MOST_TOLD = 4096;

export function checkRefusal(error: RegistryError, kinds: readonly RegistryErrorKind[]): void {
  ok(kinds.includes(error.kind), `refused as ${error.kind} (${error.message}), not as ${kinds.join(" or ")}`);
  const { status } = ERROR_TABLE[error.kind];
  ok(status >= 400 && status < 500, `${error.kind} is answered with ${status}`);
  const told = JSON.stringify([error.message, error.details]);
  ok(told.length <= MOST_TOLD, `the answer repeats ${told.length} characters`);
}

function isRegistryError(error: unknown): error is RegistryError {
  return error instanceof RegistryError;
}

/** The bytes that an input stands for: a character up to `\xff` is one byte, any other its UTF-8. */
export function bytesOf(input: string): Buffer {
  // oxlint-disable-next-line no-control-regex
  if (/^[\0-\xff]*$/.test(input)) return Buffer.from(input, "latin1");
  return Buffer.concat(
    Array.from(input, (character) => Buffer.from(character, character > "\xff" ? "utf8" : "latin1")),
  );
}

/**
 * Headers as they come off the wire, where each byte is a character and none ends a line; `undefined` for what no HTTP
 * server hands on.
 */
export function headersOf(fields: Readonly<Record<string, string>>): Headers | undefined {
  const entries = Object.entries(fields).map(([name, value]): [string, string] => [
    name,
    bytesOf(value)
      .toString("latin1")
      .replaceAll(/[\0\r\n]/g, ""),
  ]);
  try {
    return new Headers(entries);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
