import type { QuotaQuantities } from "../../metadata/index.ts";

/** How much a node may hold together with all below it; what is `null` or absent has no limit. */
export type Quota = { readonly [Quantity in QuotaQuantity]?: number | null | undefined };

export const QUOTA_QUANTITIES = ["bytes", "tags", "repositories"] as const satisfies readonly (keyof QuotaQuantities)[];

export type QuotaQuantity = (typeof QUOTA_QUANTITIES)[number];

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** As people read it: `9.8 GiB`, `10 GiB`, `500 tags`. */
export function showQuantity(quantity: QuotaQuantity, amount: number): string {
  if (quantity === "bytes") return showBytes(amount);
  const one = quantity === "tags" ? "tag" : "repository";
  return `${amount} ${amount === 1 ? one : quantity}`;
}

function showBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${Number(value.toFixed(1))} ${UNITS[unit]}`;
}
