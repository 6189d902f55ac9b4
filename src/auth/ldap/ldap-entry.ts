import type { Entry } from "ldapts";

/** An entry of the directory. Names of attributes are taken in any case, as servers write them as they like. */
export class LdapEntry {
  readonly dn: string;
  readonly #values = new Map<string, readonly (string | Buffer)[]>();

  constructor(entry: Entry) {
    this.dn = entry.dn;
    for (const [name, value] of Object.entries(entry)) {
      if (name === "dn") continue;
      const values = Array.isArray(value) ? value : [value];
      // `memberOf;range=0-1499`: Active Directory gives long lists in parts, of which this is the first.
      const key = name.toLowerCase().replace(/;range=.*$/u, "");
      if (values.length > 0 || !this.#values.has(key)) this.#values.set(key, values);
    }
  }

  /** All values that are text. */
  texts(attribute: string): readonly string[] {
    return this.#valuesOf(attribute).filter((value) => typeof value === "string");
  }

  /** The same one each time, although a directory keeps values in no order. */
  text(attribute: string): string | undefined {
    return [...this.texts(attribute)].filter((value) => value !== "").sort()[0];
  }

  bytes(attribute: string): Buffer | undefined {
    const [value] = this.#valuesOf(attribute);
    return typeof value === "string" ? Buffer.from(value) : value;
  }

  #valuesOf(attribute: string): readonly (string | Buffer)[] {
    return this.#values.get(attribute.toLowerCase()) ?? [];
  }
}
