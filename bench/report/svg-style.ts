/** What all pictures share: colours of the peers for light and for dark pages, without a library. */
export const SVG_STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .heading { font-size: 16px; font-weight: 600; }
  .unit, .value { fill: #59636e; font-size: 11px; }
  .axis { stroke: #d1d9e0; stroke-width: 1; }
  .berth { fill: #0969da; stroke: #0969da; } .docker-registry { fill: #9a6700; stroke: #9a6700; }
  .nginx { fill: #1a7f37; stroke: #1a7f37; } .openssl { fill: #8250df; stroke: #8250df; }
  rect { stroke-width: 0; } polyline.line { fill: none; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .unit, .value { fill: #9198a1; } .axis { stroke: #3d444d; }
    .berth { fill: #4493f8; stroke: #4493f8; } .docker-registry { fill: #d29922; stroke: #d29922; }
    .nginx { fill: #3fb950; stroke: #3fb950; } .openssl { fill: #ab7df8; stroke: #ab7df8; }
  }`;

/** Writes text so that it means itself in XML. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
