import { isIPv6 } from "node:net";

/** The groups of an IPv6 address that say which network it is in: a customer has at least a /64 to choose addresses from. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;
const MAPPED_PREFIX = "::ffff:";

/**
 * What one caller has of addresses at the least: an IPv4 address itself, of an IPv6 address the network, `2001:db8:0:1::/64`, in
 * which a caller may choose. Anything else stays as it is.
 */
export function addressRange(address: string): string {
  if (!isIPv6(address)) return address;
  if (address.toLowerCase().startsWith(MAPPED_PREFIX) && address.includes("."))
    return address.slice(MAPPED_PREFIX.length);
  const [start = "", end] = address.split("::");
  const head = groupsOf(start);
  const tail = groupsOf(end ?? "");
  const zeros = end === undefined ? 0 : GROUPS - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: zeros }, () => "0"), ...tail];
  return `${groups.slice(0, NETWORK_GROUPS).map(withoutZeros).join(":")}::/64`;
}

/** An IPv4 address at the end is as long as two groups. */
function groupsOf(text: string): string[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => (group.includes(".") ? ["0", "0"] : [group]));
}

function withoutZeros(group: string): string {
  return Number.parseInt(group, 16).toString(16);
}
