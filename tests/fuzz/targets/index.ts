/** Everything that is fuzzed: names, headers, files, and the whole at its door. */
import type { FuzzTarget } from "../engine/target.ts";
import { archives } from "./archives.ts";
import { certificateHeaders, certificates } from "./certificates.ts";
import { configFiles, configValues, yaml } from "./configuration.ts";
import { clientHellos, forwarded, limitedBodies, targets } from "./connections.ts";
import { door } from "./door.ts";
import { authorization, htpasswd } from "./logins.ts";
import { manifests } from "./manifests.ts";
import { references, repositoryNames, routes, storageKeys } from "./names.ts";
import { conditions, contentRanges, pages, ranges } from "./ranges.ts";

export const TARGETS: readonly FuzzTarget[] = [
  repositoryNames,
  references,
  routes,
  storageKeys,
  ranges,
  contentRanges,
  conditions,
  pages,
  authorization,
  htpasswd,
  certificates,
  certificateHeaders,
  forwarded,
  targets,
  clientHellos,
  limitedBodies,
  manifests,
  configValues,
  configFiles,
  yaml,
  archives,
  door,
];
