/** `1 tag`, `3 repositories`. */
export function count(number: number, noun: string): string {
  const plural = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${number} ${number === 1 ? noun : plural}`;
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** With one digit behind the point, in units of 1024. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

const LENGTHS = [
  ["h", 3600],
  ["min", 60],
] as const;

/** In the largest unit of which it is a whole number: `168 h`, `90 min`, `45 s`. */
export function formatDuration(seconds: number): string {
  const [unit, length] = LENGTHS.find(([, each]) => seconds >= each && seconds % each === 0) ?? ["s", 1];
  return `${seconds / length} ${unit}`;
}
