import { RegistryError, shorten } from "../../oci/index.ts";

export interface Page {
  /** How many entries at most; `undefined` if the client did not say. */
  readonly limit: number | undefined;
  /** Exclusive; `""` starts at the first. */
  readonly after: string;
}

/**
 * Reads `n` and `last`; an `n` above the maximum is the maximum.
 * @throws RegistryError `page-size-invalid`
 * @spec OCI distribution-spec, "Listing Tags"
 */
export function parsePage(query: URLSearchParams, maxLimit: number): Page {
  const after = query.get("last") ?? "";
  const text = query.get("n");
  if (text === null || text === "") return { limit: undefined, after };
  if (!/^\d+$/.test(text))
    throw new RegistryError("page-size-invalid", "n is the number of entries wanted: 0 or more", {
      detail: { n: shorten(text) },
    });
  return { limit: Math.min(Number(text), maxLimit), after };
}

/** The `Link` header to the page after `last`; other parameters of the query, such as `ns`, stay. */
export function nextLink(path: string, query: URLSearchParams, last: string, limit: number | undefined): string {
  const next = new URLSearchParams(query);
  next.set("last", last);
  if (limit !== undefined) next.set("n", String(limit));
  return `<${path}?${next.toString()}>; rel="next"`;
}
