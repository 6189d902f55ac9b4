const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const wholeDuration = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/u;
const onePart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gu;

/**
 * Reads a duration as Go writes it (`1h30m`, `1.5s`, `300ms`) and gives milliseconds, rounded up to a whole one.
 * A number without a unit counts nanoseconds, as in registry:2.
 *
 * @throws Error when the text is no duration, or a negative one
 */
export function parseDuration(text: string): number {
  if (/^\d+$/u.test(text)) return wholeMs(Number(text) * 1e-6);
  if (text.startsWith("-")) throw new Error(`"${text}" is negative; a duration starts at 0s`);
  if (!wholeDuration.test(text)) throw new Error(`"${text}" is not a duration such as 30s, 10m or 1h30m`);
  let sumMs = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(onePart)) sumMs += Number(amount) * (unitMs[unit] ?? 0);
  return wholeMs(sumMs);
}

/** Rounds up, so that no duration becomes "none"; less than a nanosecond is floating-point noise. */
function wholeMs(ms: number): number {
  return Math.ceil(Number(ms.toFixed(6)));
}
