import { valueType } from "./value-types.ts";

/** Part of a URL and of the name of a source: `oidc:<name>`. */
export const providerName = valueType("a name", (value) => {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/u.test(value))
    throw new Error(`"${value}" is not a name of at most 32 small letters, digits and -`);
  return value;
});

/** As it stands in tokens, where each character counts. @spec OpenID Connect Discovery 1.0, 3 */
export const issuerUrl = valueType("an http(s) URL", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isWeb = url !== undefined && ["http:", "https:"].includes(url.protocol);
  if (!isWeb || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "")
    throw new Error(`"${value.replace(/[^/@\s]+@/u, "***@")}" is not an issuer such as https://login.example.com`);
  return value;
});

export const claimName = valueType("a claim", (value) => {
  if (value === "" || value !== value.trim()) throw new Error(`"${value}" is not the name of a claim`);
  return value;
});

export const scopeName = valueType("a scope", (value) => {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/u.test(value)) throw new Error(`"${value}" is not a scope; write each by itself`);
  return value;
});
