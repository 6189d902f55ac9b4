/** What only commands need: backups, imports and exports; see `loadTransfers`. */
export { databaseKeyOf, listBackups } from "./backup/backup-layout.ts";
export { backUp } from "./backup/backup-registry.ts";
export { copyObject } from "./backup/copy-object.ts";
export { RestoreError } from "./backup/choose-backup.ts";
export { restore } from "./backup/restore-registry.ts";
export { windBack } from "./backup/wind-back.ts";
export { exportImages } from "./image-export/export-images.ts";
export { exportZot } from "./image-export/export-zot.ts";
export { parsePlatform } from "./image-export/wanted-platform.ts";
export { importImages } from "./image-import/import-images.ts";
export { importZot } from "./image-import/import-zot.ts";
export { openImages } from "./image-import/open-images.ts";
export { parseImageTarget } from "./image-import/parse-image-name.ts";
export { exportRegistryV2 } from "./registry-v2/export-registry-v2.ts";
export { importRegistryV2 } from "./registry-v2/import-registry-v2.ts";
