/** Who makes a request. */
export type Principal = { readonly kind: "anonymous" } | { readonly kind: "user"; readonly name: string };

export const ANONYMOUS: Principal = { kind: "anonymous" };

/** The name for logs and events; `undefined` for nobody in particular. */
export function nameOf(principal: Principal): string | undefined {
  return principal.kind === "user" ? principal.name : undefined;
}
