import { getManifest, getSmallBlob } from "./get-small.ts";
import { headMissingBlob, headPresentBlob } from "./head-blob.ts";
import { largeIndex } from "./large-index.ts";
import { largeLayer } from "./large-layer.ts";
import { listCatalog, listTags } from "./list-pages.ts";
import { mix } from "./mix.ts";
import { processes } from "./processes.ts";
import { signedIn } from "./signed-in.ts";
import { pullLargeBlob } from "./pull-large-blob.ts";
import { pushLargeBlob } from "./push-large-blob.ts";
import { pushSmallImage } from "./push-small-image.ts";
import { putTag } from "./put-tag.ts";
import type { Row } from "./row.ts";
import { scaling } from "./scaling.ts";
import { slowPulls, slowPushes } from "./slow-clients.ts";
import { startFull } from "./start-full.ts";
import { start, startExecutable } from "./start.ts";
import { tls } from "./tls.ts";

export type { Row } from "./row.ts";

/** All rows in the order of the table in the design. */
export const ROWS: readonly Row[] = [
  getManifest,
  getSmallBlob,
  headPresentBlob,
  headMissingBlob,
  pullLargeBlob,
  pushLargeBlob,
  pushSmallImage,
  putTag,
  listTags,
  listCatalog,
  largeIndex,
  slowPulls,
  slowPushes,
  start,
  startExecutable,
  startFull,
  tls,
  mix,
  scaling,
  processes,
  signedIn,
  largeLayer,
];
