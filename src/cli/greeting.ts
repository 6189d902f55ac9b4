import { resolve } from "node:path";
import type { Config } from "../config/index.ts";
import { serverFromHere, VERSION } from "../app/index.ts";

/** For the person who starts a registry by hand: where it is, where the data is, and how to push a first image. */
export function greet(config: Config, url: URL): string {
  const { driver } = config.storage;
  const data = driver.kind === "filesystem" ? resolve(driver.rootDirectory) : "in memory: gone at the end";
  const isSocket = url.protocol === "unix:";
  const server = serverFromHere(config, Number(url.port));
  return [
    "",
    `  Berth ${VERSION} listens on ${isSocket ? url.href : server}`,
    `  Data: ${data}`,
    `  Login: ${loginOf(config.auth)}`,
    "",
    ...(isSocket ? [] : firstPush(config, server.replace(/^https?:\/\//, ""))),
  ].join("\n");
}

function loginOf(auth: Config["auth"]): string {
  if (auth.kind === "none") return "none";
  if (auth.kind === "token") return `tokens of ${auth.issuer}`;
  return auth.kind === "htpasswd" ? `users of ${auth.path}` : "accounts";
}

function firstPush({ auth }: Config, host: string): string[] {
  return [
    "  Push a first image:",
    "    docker pull busybox",
    ...(auth.kind === "none" ? [] : [`    docker login ${host}`]),
    `    docker tag busybox ${host}/busybox`,
    `    docker push ${host}/busybox`,
    "",
    "",
  ];
}
