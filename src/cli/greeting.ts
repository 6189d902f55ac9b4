import { resolve } from "node:path";
import type { Config } from "../config/index.ts";
import { VERSION } from "../app/index.ts";

/** For the person who starts a registry by hand: where it is, where the data is, and how to push a first image. */
export function greet(config: Config, url: URL): string {
  const host = url.hostname === "127.0.0.1" ? `localhost:${url.port}` : url.host;
  const { driver } = config.storage;
  const data = driver.kind === "filesystem" ? resolve(driver.rootDirectory) : "in memory: gone at the end";
  const place = url.protocol === "unix:" ? url.href : `${url.protocol}//${host}`;
  return [
    "",
    `  Berth ${VERSION} listens on ${place}`,
    `  Data: ${data}`,
    `  Login: ${loginOf(config.auth)}`,
    "",
    ...(url.protocol === "unix:" ? [] : firstPush(host)),
  ].join("\n");
}

function loginOf(auth: Config["auth"]): string {
  if (auth.kind === "none") return "none";
  if (auth.kind === "token") return `tokens of ${auth.issuer}`;
  return auth.kind === "htpasswd" ? `users of ${auth.path}` : "accounts";
}

function firstPush(host: string): string[] {
  return [
    "  Push a first image:",
    "    docker pull busybox",
    `    docker tag busybox ${host}/busybox`,
    `    docker push ${host}/busybox`,
    "",
    "",
  ];
}
