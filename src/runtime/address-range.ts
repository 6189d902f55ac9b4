import { isIPv4, isIPv6 } from "node:net";

/** The groups of an IPv6 address that say which network it is in: a customer has at least a /64 to choose addresses from. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;
/** Of an IPv6 address that stands for one of IPv4, which its last two groups are. */
const MAPPED = "0:0:0:0:0:ffff";

/**
 * What one caller has of addresses at the least: an IPv4 address itself, of an IPv6 address the network, `2001:db8:0:1::/64`, in
 * which a caller may choose. Anything else stays as it is.
 */
export function addressRange(address: string): string {
  if (!isIPv6(address)) return address;
  const [start = "", end] = address.split("::");
  const head = groupsOf(start);
  const tail = groupsOf(end ?? "");
  const zeros = end === undefined ? 0 : GROUPS - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
  if (inHex(groups.slice(0, -2)) === MAPPED) return groups.slice(-2).flatMap(bytesOf).join(".");
  return `${inHex(groups.slice(0, NETWORK_GROUPS))}::/64`;
}

/** An IPv4 address at the end is as long as two groups. */
function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!isIPv4(group)) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function inHex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

function bytesOf(group: number): [number, number] {
  return [group >> 8, group & 255];
}
