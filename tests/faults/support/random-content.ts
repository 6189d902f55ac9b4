import { digestOf } from "../../../src/oci/index.ts";
import { randomChunks } from "../../support/layer.ts";
import type { Content } from "../../support/oci-content.ts";
import type { SeededRandom } from "./seeded-random.ts";

const kibibyte = 1024;

/** Bytes of their own for each label. */
export function labelledContent(label: string, sizeBytes: number): Content {
  const bytes = new Uint8Array(Buffer.concat([...randomChunks(label, sizeBytes)]));
  return { bytes, digest: digestOf(bytes) };
}

const sharedContents = Array.from({ length: 16 }, (_, number) => labelledContent(`shared ${number}`, 8 * kibibyte));

/** Content that other repositories have too. */
export function sharedContent(random: SeededRandom): Content {
  return random.pick(sharedContents);
}

/** Mostly small, sometimes of 2 to 6 MiB. */
export function randomContent(random: SeededRandom): Content {
  const label = `${random.below(2 ** 32)} ${random.below(2 ** 32)}`;
  return labelledContent(label, kibibyte + random.below(mostBytes(random.next())));
}

function mostBytes(chance: number): number {
  if (chance < 0.7) return 32 * kibibyte;
  return chance < 0.95 ? 512 * kibibyte : 6 * kibibyte * kibibyte;
}
