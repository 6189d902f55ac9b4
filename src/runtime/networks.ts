import { BlockList, isIPv6 } from "node:net";

/** Networks that an address can be looked up in. A list for each family: in one, `::/3` would hold all addresses of IPv4 too. */
export class Networks {
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();
  readonly isEmpty: boolean;

  /** @param networks such as `10.0.0.0/8`, `::1` */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      if (isIPv6(address)) this.#ipv6.addSubnet(address, Number(bits ?? 128), "ipv6");
      else this.#ipv4.addSubnet(address, Number(bits ?? 32), "ipv4");
    }
  }

  /** `false` for what is no address. An address of IPv4 may be written as one of IPv6, `::ffff:192.0.2.1`. */
  has(address: string): boolean {
    if (this.isEmpty || address === "") return false;
    if (!isIPv6(address)) return this.#ipv4.check(address, "ipv4");
    return this.#ipv6.check(address, "ipv6") || this.#ipv4.check(address, "ipv6");
  }
}
