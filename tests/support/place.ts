import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { takeFreePort } from "./free-port.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Writes a configuration file of JSON, which is YAML too. */
export function writeConfig(folder: string, config: object): string {
  const file = join(folder, "config.yml");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

export interface Place {
  readonly folder: string;
  readonly dataDirectory: string;
  readonly address: string;
  readonly config: { readonly version: 0.1; readonly storage: object; readonly http: object };
}

/** A folder and an address, and the configuration that names them. */
export function makePlace(): Place {
  const folder = makeTemporaryFolder("start");
  const dataDirectory = join(folder, "data");
  const address = `127.0.0.1:${takeFreePort()}`;
  const storage = { filesystem: { rootdirectory: dataDirectory } };
  return { folder, dataDirectory, address, config: { version: 0.1, storage, http: { addr: address } } };
}
