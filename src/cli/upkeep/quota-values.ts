import type { ApiQuotaState } from "../../http/index.ts";
import { UsageError } from "../remote/usage-error.ts";

type Limits = ApiQuotaState["limits"];

const QUANTITIES = ["bytes", "tags", "repositories"] as const;
const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
};

/** Reads `bytes=10GiB tags=500`. @throws UsageError */
export function parseQuota(words: readonly string[]): Limits {
  const said = new Map<string, number>();
  for (const word of words) {
    const [, name = "", value = ""] = /^([a-z]+)=(.+)$/.exec(word) ?? [];
    if (!isQuantity(name) || said.has(name))
      throw new UsageError(`"${word}" is none of bytes=10GiB, tags=500 and repositories=20, each once`);
    said.set(name, name === "bytes" ? parseBytes(value) : parseAmount(word, value));
  }
  if (said.size === 0) throw new UsageError("a quota is bytes=10GiB, tags=500 or repositories=20, or several of them");
  return Object.fromEntries(said);
}

function isQuantity(name: string): boolean {
  return QUANTITIES.some((known) => known === name);
}

function parseAmount(word: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${word} is no whole number`);
  return Number(text);
}

function parseBytes(text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?)([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Math.round(Number(amount) * (unit === "" ? 1 : (UNITS[unit] ?? Number.NaN)));
  if (amount === "" || !Number.isSafeInteger(bytes))
    throw new UsageError(`bytes=${text} is no size such as 10GiB, 2.5TiB or 500MB`);
  return bytes;
}

/** As {@link parseQuota} reads it. */
export function showQuota(limits: Limits): string {
  return QUANTITIES.flatMap((name) => {
    const limit = limits[name];
    if (limit === undefined || limit === null) return [];
    return [`${name}=${name === "bytes" ? showBytes(limit) : limit}`];
  }).join(" ");
}

/** In the largest unit in which it is a whole number. */
function showBytes(bytes: number): string {
  const unit = ["TiB", "GiB", "MiB", "KiB"].find((name) => bytes > 0 && bytes % (UNITS[name] ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (UNITS[unit] ?? 1)}${unit}`;
}
