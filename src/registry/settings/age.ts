const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const WHOLE = /^(?:\d{1,6}[smhdw])+$/;

/** Whether {@link parseAge} reads it. */
export function isAge(text: string): boolean {
  return text.length <= 40 && WHOLE.test(text);
}

/**
 * Reads how old something may become, such as `12h`, `30d`, `2w` or `1d12h`, and gives milliseconds.
 * @throws RangeError for what is none
 */
export function parseAge(text: string): number {
  if (!isAge(text)) throw new RangeError(`"${text}" is no age such as 12h, 30d or 2w`);
  let sumMs = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+)([smhdw])/g)) sumMs += Number(amount) * (UNIT_MS[unit] ?? 0);
  return sumMs;
}
