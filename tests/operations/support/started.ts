import { HttpClient } from "../../support/http-client.ts";
import { isAnswering, type ServeProcess, startServe } from "../../support/berth-command.ts";
import { makePlace, type Place, writeConfig } from "../../support/place.ts";

/** A registry of a test's own, with its two streams apart. */
export interface Started extends Place {
  readonly berth: ServeProcess;
  readonly url: string;
  readonly http: HttpClient;
}

/**
 * Starts Berth on a folder and a port of its own.
 *
 * @param more sections of the configuration; `http` and `storage` are merged with what the place says.
 */
export async function startOn(more: Sections = {}, env: Readonly<Record<string, string>> = {}): Promise<Started> {
  return startAgain(makePlace(), more, env);
}

export interface Sections extends Readonly<Record<string, object>> {}

/** Starts it where one was before. */
export async function startAgain(
  place: Place,
  more: Sections = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const { http, storage } = place.config;
  const config = {
    ...place.config,
    ...more,
    http: { ...http, ...more["http"] },
    storage: { ...storage, ...more["storage"] },
  };
  const url = `http://${place.address}`;
  const isReady = () => isAnswering(`${url}/livez`);
  const berth = await startServe({ args: [writeConfig(place.folder, config)], env, cwd: place.folder, isReady });
  return { ...place, berth, url, http: new HttpClient(url) };
}
