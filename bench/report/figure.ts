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

/** One line of the table: what was measured, each peer's sample of every round, and what was promised. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly samples: Readonly<Partial<Record<PeerName, readonly number[]>>>;
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}
