type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** A page in Prometheus' text format, to be asked for single values. */
export class MetricsText {
  readonly #samples: readonly Sample[];

  /** @throws on a line that is neither a comment nor a sample. */
  constructor(text: string) {
    this.#samples = text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map(parseSample);
  }

  /** The names of all metrics, those of a histogram's parts included. */
  names(): ReadonlySet<string> {
    return new Set(this.#samples.map(({ name }) => name));
  }

  /** The sum of what has these labels, whatever others it has; `undefined` when nothing has. */
  find(name: string, labels: Labels = {}): number | undefined {
    const found = this.#samples.filter((sample) => sample.name === name && hasAll(sample.labels, labels));
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** Every value that a label has in the samples of a metric, each once. */
  valuesOf(name: string, label: string): readonly string[] {
    const values = this.#samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label] ?? "");
    return [...new Set(values)].sort();
  }
}

function hasAll(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function parseSample(line: string): Sample {
  const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === "") throw new Error(`no sample of a metric: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
    ([, key = "", text = ""]) => [key, text] as const,
  );
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace("Inf", "Infinity")) };
}
