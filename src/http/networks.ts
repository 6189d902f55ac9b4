import { BlockList, isIPv6 } from "node:net";

/** Networks that an address can be looked up in. */
export class Networks {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** @param networks such as `10.0.0.0/8`, `::1` */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    if (this.isEmpty || address === "") return false;
    return this.#list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}
