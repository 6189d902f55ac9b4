import { expect, test } from "bun:test";
import type { ScrubState } from "../../../../src/app/index.ts";
import { ScrubProgressLine } from "../../../../src/cli/upkeep/scrub-progress-line.ts";

const MIB = 1024 * 1024;
const contents = { repositories: 1, manifests: 1, tags: 1, blobs: 8, blobBytes: 8 * MIB };
const noTally = {
  bytes: 0,
  damaged: 0,
  missing: 0,
  restored: 0,
  manifests: 0,
  damagedManifests: 0,
  failed: 0,
  correctedQuotas: 0,
};
const stateAt = (blobs: number, readBytes: number): ScrubState => ({
  tally: { ...noTally, blobs },
  readBytes,
  contents,
});

function makeLine(isTTY: boolean) {
  const written: string[] = [];
  let atMs = 0;
  const line = new ScrubProgressLine({ isTTY, write: (text) => written.push(text) }, () => atMs);
  return { line, written, at: (ms: number) => (atMs = ms) };
}

test("on a terminal one line changes, and makes room for others", () => {
  const { line, written, at } = makeLine(true);
  line.updateScrub(stateAt(1, MIB));
  at(1000);
  line.updateScrub(stateAt(2, 2 * MIB));
  at(1100);
  line.updateScrub(stateAt(3, 3 * MIB));
  line.print("damage\n");
  at(2000);
  line.updateScrub(stateAt(8, 9 * MIB));
  line.clear();
  expect(written).toEqual([
    "\r\u001B[K[######..................] 25 %  2/8 blobs  2.0 MiB of 8.0 MiB  2.0 MiB/s  0 lost",
    "\r\u001B[K",
    "damage\n",
    "\r\u001B[K[########################] 100 %  8/8 blobs  8.0 MiB of 8.0 MiB  4.5 MiB/s  0 lost",
    "\r\u001B[K",
  ]);
});

test("elsewhere a line comes every ten seconds", () => {
  const { line, written, at } = makeLine(false);
  for (let second = 0; second <= 20; second += 2) {
    at(second * 1000);
    line.updateScrub(stateAt(4, 4 * MIB));
  }
  line.clear();
  expect(written).toHaveLength(2);
  expect(written[0]).toBe("[############............] 50 %  4/8 blobs  4.0 MiB of 8.0 MiB  409.6 KiB/s  0 lost\n");
});
