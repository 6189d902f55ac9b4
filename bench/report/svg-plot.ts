import { formatNumber } from "./format-figure.ts";
import type { Panel, Plot, PlotLine } from "./plots.ts";
import { escapeXml, SVG_STYLE } from "./svg-style.ts";

const COLUMNS = 2;
const PANEL_WIDTH = 430;
const PANEL_HEIGHT = 240;
const TOP = 70;
/** Space around the axes of a panel, for its heading and its labels. */
const LEFT = 74;
const RIGHT = 62;
const ABOVE = 38;
const BELOW = 28;

/** Gives the vertical place of a value inside a panel. */
type Scale = (value: number) => number;

/** A picture of a plot's panels, each with a logarithmic vertical axis, readable on light and dark pages. */
export function renderSvgPlot(plot: Plot, caption: string): string {
  const height = TOP + Math.ceil(plot.panels.length / COLUMNS) * PANEL_HEIGHT;
  const width = COLUMNS * PANEL_WIDTH;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(plot.title)}</title>`,
    `<style>${SVG_STYLE}\n</style>`,
    `<text class="heading" x="10" y="24">${escapeXml(plot.title)}</text>`,
    `<text class="unit" x="10" y="42">${escapeXml(caption)}</text>`,
    renderLegend(plot.panels),
    ...plot.panels.map(renderPanel),
    `</svg>`,
    "",
  ].join("\n");
}

/** Powers of ten around the values: the lines of the vertical axis. */
export function decadesAround(values: readonly number[]): readonly number[] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [0, 1];
  const lowest = Math.floor(Math.log10(Math.min(...positive)));
  const highest = Math.max(Math.ceil(Math.log10(Math.max(...positive))), lowest + 1);
  return Array.from({ length: highest - lowest + 1 }, (_, step) => lowest + step);
}

function renderLegend(panels: readonly Panel[]): string {
  const peers = [...new Set(panels.flatMap((panel) => panel.lines.map(({ peer }) => peer)))];
  return peers
    .map((peer, index) => {
      const left = LEFT + index * 130;
      return `<rect class="${peer}" x="${left}" y="52" width="10" height="10"/><text x="${left + 15}" y="61">${peer}</text>`;
    })
    .join("\n");
}

function renderPanel(panel: Panel, index: number): string {
  const left = (index % COLUMNS) * PANEL_WIDTH;
  const top = TOP + Math.floor(index / COLUMNS) * PANEL_HEIGHT;
  const decades = decadesAround(panel.lines.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const scale = verticalScale(decades);
  return [
    `<g transform="translate(${left} ${top})">`,
    `<text x="${LEFT}" y="20">${escapeXml(panel.title)} <tspan class="unit">${escapeXml(panel.unit)}</tspan></text>`,
    ...decades.map((decade) => renderDecade(decade, scale)),
    ...panel.ticks.map((tick, number) => {
      const x = horizontalPlace(number, panel.ticks.length);
      return `<text class="unit" x="${x}" y="${PANEL_HEIGHT - 8}" text-anchor="middle">${escapeXml(tick)}</text>`;
    }),
    ...panel.lines.map((line) => renderLine(line, scale)),
    `</g>`,
  ].join("\n");
}

function renderDecade(decade: number, scale: Scale): string {
  const y = scale(10 ** decade);
  const label = (10 ** decade).toLocaleString("en-US", { maximumFractionDigits: 6 });
  return (
    `<line class="axis" x1="${LEFT}" y1="${y}" x2="${PANEL_WIDTH - RIGHT}" y2="${y}"/>` +
    `<text class="unit" x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${label}</text>`
  );
}

function renderLine({ peer, values }: PlotLine, scale: Scale): string {
  const points = values.flatMap((value, number) =>
    value === undefined || value <= 0 ? [] : [{ x: horizontalPlace(number, values.length), y: scale(value), value }],
  );
  const last = points.at(-1);
  const path = points.map(({ x, y }) => `${x},${y}`).join(" ");
  const dots = points.map(({ x, y }) => `<circle class="${peer}" cx="${x}" cy="${y}" r="3"/>`).join("");
  const label =
    last === undefined
      ? ""
      : `<text class="value" x="${last.x + 7}" y="${last.y + 4}">${formatNumber(last.value)}</text>`;
  return `<polyline class="${peer} line" points="${path}"/>${dots}${label}`;
}

function verticalScale(decades: readonly number[]): Scale {
  const [lowest = 0, highest = 1] = [decades[0], decades.at(-1)];
  const space = PANEL_HEIGHT - ABOVE - BELOW;
  return (value) => Math.round(ABOVE + space * (1 - (Math.log10(value) - lowest) / (highest - lowest)));
}

function horizontalPlace(number: number, count: number): number {
  const space = PANEL_WIDTH - LEFT - RIGHT - 20;
  return Math.round(LEFT + 10 + (count < 2 ? 0 : (space * number) / (count - 1)));
}
