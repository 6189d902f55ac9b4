import type { Metric, Registry } from "prom-client";

/** Takes one observation: a number added to a cell, nothing looked up. */
export interface Observer {
  observe(value: number): void;
}

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

/** A metric whose value is asked for when it is scraped; a reading that fails leaves the metric out. */
export interface ReadingOptions {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly labels?: Readonly<Record<string, string>>;
  /** Set: there is a value for each of its values, by which they are read. */
  readonly labelName?: string;
  /** How the values of several processes become one; default: their sum. */
  readonly together?: Together;
  read(): Reading | Promise<Reading>;
}

/** Several values are told apart by the label that `labelName` names, or by labels of their own. */
type Reading = number | undefined | Readonly<Record<string, number>> | readonly LabelledReading[];

interface LabelledReading {
  readonly labels: Labels;
  readonly value: number;
}

export type Together = "sum" | "min" | "max" | "first";

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/**
 * Counts into plain cells, which prom-client reads when it is scraped: its own counters resolve their labels anew at each
 * addition, also behind `labels()`, and a request makes six.
 */
export class CounterTally {
  readonly #cells = new CellMap(() => new CounterCell());

  constructor(registry: Registry, type: "counter" | "gauge", options: TallyOptions) {
    const samples = () => this.#cells.samplesOf(options, ({ value }, labels) => [{ labels, value }]);
    expose(registry, { ...options, type, samples });
  }

  /** The cell of these values of the labels, in the labels' order; the same one each time. */
  cell(...labelValues: readonly string[]): CounterCell {
    return this.#cells.get(labelValues);
  }
}

class CounterCell {
  value = 0;
}

/** As {@link CounterTally}, for a distribution over `buckets`, whose bounds are inclusive and ascending. */
export class HistogramTally {
  readonly #cells: CellMap<HistogramCell>;

  constructor(registry: Registry, options: TallyOptions & { readonly buckets: readonly number[] }) {
    const bounds = Float64Array.from(options.buckets);
    this.#cells = new CellMap(() => new HistogramCell(bounds));
    const samples = () => this.#cells.samplesOf(options, (cell, labels) => cell.samples(options.name, labels));
    expose(registry, { ...options, type: "histogram", samples });
  }

  cell(...labelValues: readonly string[]): Observer {
    return this.#cells.get(labelValues);
  }
}

class HistogramCell implements Observer {
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: Float64Array) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  samples(name: string, labels: Labels): Sample[] {
    let total = 0;
    const samples: Sample[] = Array.from(this.#counts, (count, bucket) => {
      total += count;
      const le = String(this.#bounds[bucket] ?? "+Inf");
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
    });
    samples.push({ metricName: `${name}_sum`, labels, value: this.#sum });
    samples.push({ metricName: `${name}_count`, labels, value: total });
    return samples;
  }
}

class CellMap<Cell> {
  readonly #create: () => Cell;
  readonly #cells = new Map<string, { readonly values: readonly string[]; readonly cell: Cell }>();

  constructor(create: () => Cell) {
    this.#create = create;
  }

  get(values: readonly string[]): Cell {
    const key = values.join("\u0000");
    let entry = this.#cells.get(key);
    if (!entry) this.#cells.set(key, (entry = { values, cell: this.#create() }));
    return entry.cell;
  }

  samplesOf(options: TallyOptions, sample: (cell: Cell, labels: Labels) => Sample[]): Sample[] {
    const names = options.labelNames ?? [];
    return [...this.#cells.values()].flatMap(({ values, cell }) =>
      sample(cell, Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]))),
    );
  }
}

export function exposeReading(registry: Registry, options: ReadingOptions): void {
  const samples = async (): Promise<Sample[]> => {
    try {
      const { labels = {}, labelName = "" } = options;
      const read = await options.read();
      if (typeof read === "number") return [{ labels, value: read }];
      if (isList(read)) return read.map((each) => ({ labels: { ...labels, ...each.labels }, value: each.value }));
      return Object.entries(read ?? {}).map(([label, value]) => ({ labels: { ...labels, [labelName]: label }, value }));
    } catch {
      return [];
    }
  };
  expose(registry, { ...options, samples });
}

function isList(read: Reading): read is readonly LabelledReading[] {
  return Array.isArray(read);
}

interface Exposed {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly together?: Together;
  readonly samples: () => Sample[] | Promise<Sample[]>;
}

function expose(registry: Registry, { name, help, type, samples, together = "sum" }: Exposed): void {
  const get = async () => ({ name, help, type, values: await samples(), aggregator: together });
  // What a registry asks of a metric is less than prom-client's type says.
  registry.registerMetric({ name, help, type, get } as unknown as Metric);
}
