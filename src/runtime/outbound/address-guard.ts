import { isIP } from "node:net";
import { Networks } from "../networks.ts";

/** @spec IANA IPv4 Special-Purpose Address Registry, and multicast */
const UNFIT_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];

/**
 * All that is not 2000::/3, which holds the public addresses, and in that the networks that lead elsewhere. The addresses
 * that stand for one of IPv4 are among them.
 * @spec IANA IPv6 Special-Purpose Address Registry
 */
const UNFIT_IPV6 = ["::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const UNFIT = new Networks([...UNFIT_IPV4, ...UNFIT_IPV6]);

/** Knows which addresses may be asked: the public ones, and networks that are allowed beside them. */
export class AddressGuard {
  readonly #allowed: Networks;

  /** @param allowedNetworks such as `10.0.0.0/8`, `::1` */
  constructor(allowedNetworks: readonly string[]) {
    this.#allowed = new Networks(allowedNetworks);
  }

  mayReach(address: string): boolean {
    // An address of one link names it after a percent sign.
    if (isIP(address) === 0 || address.includes("%")) return false;
    return this.#allowed.has(address) || !UNFIT.has(address);
  }
}
