import type { Migration, MigrationProvider } from "kysely";
import { core } from "./0001-core.ts";
import { scrub } from "./0002-scrub.ts";
import { access } from "./0003-access.ts";
import { sealedSignIns } from "./0004-sealed-sign-ins.ts";
import { garbage } from "./0005-garbage.ts";
import { jobs } from "./0006-jobs.ts";
import { settings } from "./0007-settings.ts";
import { historyAndBin } from "./0008-history-and-bin.ts";
import { usage } from "./0009-usage.ts";
import { quotas } from "./0010-quotas.ts";
import { inUse } from "./0011-in-use.ts";
import { maintenance } from "./0012-maintenance.ts";
import { names } from "./0013-names.ts";
import { keepsAndUses } from "./0014-keeps-and-uses.ts";
import { metering } from "./0015-metering.ts";
import { quietUpkeep } from "./0016-quiet-upkeep.ts";
import { causesInHistory } from "./0017-causes-in-history.ts";
import { cutDownloads } from "./0018-cut-downloads.ts";
import { useGaps } from "./0019-use-gaps.ts";
import { arrivals } from "./0020-arrivals.ts";

/** In the order they are applied; a migration that was released is never changed. */
const MIGRATIONS: Record<string, Migration> = {
  "0001-core": core,
  "0002-scrub": scrub,
  "0003-access": access,
  "0004-sealed-sign-ins": sealedSignIns,
  "0005-garbage": garbage,
  "0006-jobs": jobs,
  "0007-settings": settings,
  "0008-history-and-bin": historyAndBin,
  "0009-usage": usage,
  "0010-quotas": quotas,
  "0011-in-use": inUse,
  "0012-maintenance": maintenance,
  "0013-names": names,
  "0014-keeps-and-uses": keepsAndUses,
  "0015-metering": metering,
  "0016-quiet-upkeep": quietUpkeep,
  "0017-causes-in-history": causesInHistory,
  "0018-cut-downloads": cutDownloads,
  "0019-use-gaps": useGaps,
  "0020-arrivals": arrivals,
};

export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve(MIGRATIONS),
};

export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS);
