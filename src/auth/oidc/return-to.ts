import { RegistryError } from "../../oci/index.ts";

/** It is kept for whoever begins to sign in, without knowing who it is. */
const MAX_LENGTH = 200;
/** Stands for this registry, whatever it is called. */
const HERE = "https://here.invalid";
/** Browsers leave some of these out, and take a backslash for a slash: what is left could name another host. */
const DOUBTFUL = /[^\x21-\x7e]|\\/;

/**
 * Where a browser goes once it is signed in: a path of this registry, never another host.
 * @throws RegistryError `bad-request`
 */
export function parseReturnTo(text: string): string {
  const isPath = text.startsWith("/") && text.length <= MAX_LENGTH && !DOUBTFUL.test(text);
  const url = isPath && URL.canParse(text, HERE) ? new URL(text, HERE) : undefined;
  // A path such as /.//host becomes one that names a host.
  if (url?.origin === HERE && !url.pathname.startsWith("//")) return `${url.pathname}${url.search}${url.hash}`;
  throw new RegistryError(
    "bad-request",
    `return_to must be a path of this registry such as /repositories, of at most ${MAX_LENGTH} characters`,
  );
}
