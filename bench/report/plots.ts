import { PEERS, PLOT_NAMES, type Figure, type PeerName, type PlotName } from "./figure.ts";
import { medianOf } from "./judge-figure.ts";

/** One pair of axes: a line of medians for each peer. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  /** Names along the horizontal axis. */
  readonly ticks: readonly string[];
  readonly lines: readonly PlotLine[];
}

/** A peer's values, one a tick; `undefined` where it was not measured. */
export interface PlotLine {
  readonly peer: PeerName;
  readonly values: readonly (number | undefined)[];
}

export interface Plot {
  readonly name: PlotName;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const TITLES: Readonly<Record<PlotName, string>> = {
  mix: "A realistic mix: latency by kind of request",
  scaling: "From 1 to 256 clients",
};

/** The plots that the figures make, each with its panels in the order in which they were measured. */
export function gatherPlots(figures: readonly Figure[]): readonly Plot[] {
  return PLOT_NAMES.flatMap((name) => {
    const panels = gatherPanels(figures.filter((figure) => figure.place?.plot === name));
    return panels.length === 0 ? [] : [{ name, title: TITLES[name], panels }];
  });
}

/** The figures that have a line in the table. */
export function withoutPlots(figures: readonly Figure[]): readonly Figure[] {
  return figures.filter((figure) => figure.place === undefined);
}

/** Where a plot lies when the chart lies at `chartPath`: `bench.svg` has `bench-mix.svg` beside it. */
export function plotPath(chartPath: string, name: PlotName): string {
  return chartPath.replace(/(\.svg)?$/, `-${name}.svg`);
}

function gatherPanels(figures: readonly Figure[]): readonly Panel[] {
  const byTitle = Map.groupBy(figures, (figure) => figure.place?.panel ?? "");
  return [...byTitle].map(([title, points]) => ({
    title,
    unit: points[0]?.unit ?? "",
    ticks: points.map((point) => point.place?.at ?? ""),
    lines: PEERS.map((peer) => ({ peer, values: points.map((point) => medianOf(point, peer)) })).filter(({ values }) =>
      values.some((value) => value !== undefined),
    ),
  }));
}
