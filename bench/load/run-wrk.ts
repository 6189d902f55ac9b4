import { join } from "node:path";
import type { Peer } from "../peers/peer.ts";
import { runProgram } from "./run-load.ts";
import { MANIFEST_TYPE } from "./small-image.ts";

export interface WrkRun {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly clientCpuSeconds: number;
}

export interface WrkOrder {
  readonly peer: Peer;
  readonly method: "GET" | "PUT";
  /** One path a line; asked round and round. */
  readonly pathsFile: string;
  readonly body?: { readonly file: string; readonly mediaType: string };
  readonly connections: number;
  /** Beside those that every request has, such as `Authorization: Basic …`. */
  readonly headers?: readonly string[];
  /** Rounded up, as wrk knows whole seconds only. */
  readonly seconds: number;
}

interface WrkOutput {
  readonly requests: number;
  readonly microseconds: number;
  readonly badStatus: number;
  readonly broken: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs wrk with one thread. Throws when any answer is an error or any connection breaks. */
export async function runWrk(order: WrkOrder): Promise<WrkRun> {
  const { peer, connections, seconds, body } = order;
  const script = join(import.meta.dir, "ask-paths.lua");
  const bodyArguments = body === undefined ? [] : [body.file, body.mediaType];
  const headers = [`Accept: ${MANIFEST_TYPE}, */*`, ...(order.headers ?? [])].flatMap((header) => ["-H", header]);
  const options = ["-t1", `-c${connections}`, `-d${Math.ceil(seconds)}s`, "--timeout", "10s", ...headers, "-s", script];
  const command = ["wrk", ...options, peer.origin, "--", order.method, order.pathsFile, ...bodyArguments];
  const { output, clientCpuSeconds } = await runProgram(command, seconds + 20);
  const { microseconds, badStatus, broken, ...rest } = JSON.parse(output.trim().split("\n").at(-1) ?? "") as WrkOutput;
  if (badStatus + broken > 0) throw new Error(`${peer.name}: ${badStatus} error answers, ${broken} broken connections`);
  return { ...rest, seconds: microseconds / 1e6, clientCpuSeconds };
}
