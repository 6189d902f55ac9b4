import { PEERS, type Figure, type PeerName } from "./figure.ts";
import { formatNumber } from "./format-figure.ts";
import { medianOf } from "./judge-figure.ts";
import { escapeXml, SVG_STYLE } from "./svg-style.ts";

const WIDTH = 860;
const BAR_LEFT = 330;
const BAR_LENGTH = 400;
const BAR_HEIGHT = 13;
const GROUP_GAP = 14;
const TOP = 70;

interface Bar {
  readonly peer: PeerName;
  readonly value: number;
  /** Of the longest bar of its figure, 0 to 1. */
  readonly share: number;
}

/** A bar chart of the medians, each figure on its own scale, readable on light and dark pages without a library. */
export function renderSvgChart(figures: readonly Figure[], caption: string): string {
  let top = TOP;
  const groups: string[] = [];
  for (const figure of figures) {
    const bars = barsOf(figure);
    groups.push(renderGroup(figure, bars, top));
    top += bars.length * (BAR_HEIGHT + 2) + GROUP_GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img">`,
    `<title>Berth beside docker-registry, nginx and openssl</title>`,
    `<style>${SVG_STYLE}\n</style>`,
    `<text class="heading" x="10" y="24">Berth beside docker-registry, nginx and openssl</text>`,
    `<text class="unit" x="10" y="42">${escapeXml(caption)}</text>`,
    renderLegend(),
    ...groups,
    `</svg>`,
    "",
  ].join("\n");
}

function barsOf(figure: Figure): readonly Bar[] {
  const measured = PEERS.flatMap((peer) => {
    const value = medianOf(figure, peer);
    return value === undefined ? [] : [{ peer, value }];
  });
  const longest = Math.max(...measured.map(({ value }) => value), Number.MIN_VALUE);
  return measured.map(({ peer, value }) => ({ peer, value, share: value / longest }));
}

function renderLegend(): string {
  return PEERS.map((peer, index) => {
    const left = BAR_LEFT + index * 120;
    return `<rect class="${peer}" x="${left}" y="52" width="10" height="10"/><text x="${left + 15}" y="61">${peer}</text>`;
  }).join("\n");
}

function renderGroup(figure: Figure, bars: readonly Bar[], top: number): string {
  const unit = `${figure.unit}, ${figure.better} is better`;
  const labels = [
    `<text x="${BAR_LEFT - 8}" y="${top + 11}" text-anchor="end">${escapeXml(figure.title)}</text>`,
    `<text class="unit" x="${BAR_LEFT - 8}" y="${top + 25}" text-anchor="end">${escapeXml(unit)}</text>`,
  ];
  return [...labels, ...bars.map((bar, index) => renderBar(bar, top + index * (BAR_HEIGHT + 2)))].join("\n");
}

function renderBar({ peer, value, share }: Bar, top: number): string {
  const length = Math.max(1, Math.round(share * BAR_LENGTH));
  return (
    `<rect class="${peer}" x="${BAR_LEFT}" y="${top}" width="${length}" height="${BAR_HEIGHT}" rx="2"/>` +
    `<text class="value" x="${BAR_LEFT + length + 6}" y="${top + 11}">${formatNumber(value)}</text>`
  );
}
