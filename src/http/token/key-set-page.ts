import type { SigningKeys } from "../../auth/index.ts";
import { type Answer, jsonAnswer } from "../answer.ts";
import { methodNotAllowed } from "../http-error.ts";

/** Much less than keys are published before the first token is signed with them. */
const MAX_AGE_SECONDS = 3600;

/**
 * The public keys of the registry's tokens, for programs that verify them on their own.
 * @spec RFC 7517, 5
 */
export async function respondKeySet(keys: Pick<SigningKeys, "publicKeys">, { method }: Request): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, "GET, HEAD");
  const headers = { "Cache-Control": `public, max-age=${MAX_AGE_SECONDS}` };
  return jsonAnswer({ keys: await keys.publicKeys() }, headers);
}
