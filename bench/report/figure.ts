/** Who a sample can be taken from. `openssl` stands in for a peer where the bound is hashing itself. */
export const PEERS = ["berth", "docker-registry", "nginx", "openssl"] as const;

export type PeerName = (typeof PEERS)[number];

/** One promise of the design, section 8: against another peer's median of the same run, or against a fixed value. */
export interface Target {
  readonly against?: PeerName;
  readonly bound: "at least" | "at most";
  /** A factor when `against` is given, otherwise a value in the figure's unit. */
  readonly value: number;
}

export const PLOT_NAMES = ["mix", "scaling"] as const;

export type PlotName = (typeof PLOT_NAMES)[number];

/** The point of a plot that a figure is. */
export interface PlotPlace {
  readonly plot: PlotName;
  /** The panel's heading; the figure's unit is that of its vertical axis. */
  readonly panel: string;
  /** The name of the point on the horizontal axis, in the order in which figures come. */
  readonly at: string;
}

/** One line of the table: what was measured, each peer's sample of every round, and what was promised. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly samples: Readonly<Partial<Record<PeerName, readonly number[]>>>;
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
  /** Given for a point of a plot, which has no line in the table of all rows. */
  readonly place?: PlotPlace;
}
