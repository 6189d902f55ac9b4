import { isIP } from "node:net";

/**
 * Reads `10.0.0.0/8`, `fd00::/8` or one address, which becomes the network that holds only it.
 *
 * @throws Error when the text is no network
 */
export function parseNetwork(text: string): string {
  const [address = "", length, ...rest] = text.split("/");
  const version = isIP(address);
  const bits = version === 6 ? 128 : 32;
  const prefixLength = length === undefined ? bits : Number(length);
  const valid = version !== 0 && rest.length === 0 && /^\d{1,3}$/u.test(length ?? "0") && prefixLength <= bits;
  if (!valid) throw new Error(`"${text}" is not a network such as 10.0.0.0/8 or fd00::/8`);
  return `${address}/${prefixLength}`;
}
