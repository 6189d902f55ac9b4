import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../config/index.ts";
import {
  type Answer,
  createDebugHandler,
  createSiblingHandler,
  emptyAnswer,
  type Health,
  type Listener,
  type Metrics,
  openTlsSource,
  passOnUploads,
  type Page,
  type RequestHandler,
  respondLive,
  respondMetrics,
  respondReady,
  RunningRequests,
  type SiblingProcesses,
  startListener,
  type TlsSource,
  type UnsentAnswer,
  unsentResponse,
  watchedMetrics,
  watchExpiry,
} from "../http/index.ts";
import { ownerOf, type ProcessPlace, socketOf, watcherSocketOf } from "../processes/index.ts";
import type { Registry } from "../registry/index.ts";
import { type Closers, type Log, systemClock } from "../runtime/index.ts";
import { VERSION } from "./version.ts";

/** What listeners tell, and who ends them. */
export interface ListenerParts {
  readonly config: Config;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Where this process stands, if several serve together. */
  readonly place: ProcessPlace | undefined;
  readonly closers: Closers;
}

/** How long a stop waits for handlers of cut connections to save what came. */
export const SAVE_TIMEOUT_MS = 10_000;

/** The pages beside the registry API. */
export function createPages(parts: ListenerParts): ReadonlyMap<string, Page> {
  const { config, health } = parts;
  const { metrics: page } = config.http;
  const metrics = metricsOfAll(parts);
  const pages = new Map<string, Page>([
    // What load balancers ask; empty, as registry:2 answers.
    ["/", { isOpen: false, needsLogin: false, respond: respondEmpty }],
    ["/livez", { isOpen: true, needsLogin: false, respond: respondLive }],
    ["/readyz", { isOpen: true, needsLogin: false, respond: () => respondReady(health, "nothing") }],
  ]);
  if (page.enabled) pages.set(page.path, { isOpen: true, needsLogin: true, respond: () => respondMetrics(metrics) });
  return pages;
}

/** Whichever process is asked tells what all of them counted. */
function metricsOfAll({ metrics, place }: ListenerParts): Pick<Metrics, "render"> {
  return place ? watchedMetrics(watcherSocketOf(place)) : metrics;
}

function respondEmpty(): Answer {
  return emptyAnswer(200, { "Cache-Control": "no-cache" });
}

/** Starts the debug address, if there is one. */
export async function listenForDebugging(parts: ListenerParts, startedAtMs: number): Promise<void> {
  const { config, log, health, closers } = parts;
  const { debug } = config.http;
  if (!debug) return;
  const fetch = createDebugHandler({
    health,
    metrics: debug.prometheus.enabled ? metricsOfAll(parts) : undefined,
    metricsPath: debug.prometheus.path,
    version: VERSION,
    startedAtMs,
    clock: systemClock,
  });
  const listener = await startListener({ address: debug.address, fetch, ...listening(parts) });
  closers.add(() => listener.stop(0));
  log.info("the debug address listens", { url: listener.url.href });
}

/**
 * Starts the main address. Its stop lets requests end, cuts what is left, and waits until those have saved what came.
 * @param signal ends the wait for a first certificate
 */
export async function listen(
  parts: ListenerParts,
  handle: RequestHandler,
  { registry, signal }: { readonly registry: Registry; readonly signal: AbortSignal },
): Promise<Listener> {
  const { config, log, health, closers } = parts;
  const running = new RunningRequests();
  const tls = await openTls(parts, signal);
  const { address, drainTimeoutMs } = config.http;
  const siblings = await listenForSiblings(parts, running.counted(handle));
  const fetch = running.counted(withSiblings(parts, handle));
  const certificateFolder = makeCertificateFolder(parts);
  const listener = await startListener({ address, fetch, tls, certificateFolder, ...listening(parts) });
  closers.add(async () => {
    health.drain();
    const { cutRequests } = await listener.stop(drainTimeoutMs);
    // What the others pass on ends with their clients' connections, which are cut at the same time.
    await siblings?.stop(drainTimeoutMs);
    registry.uploadTurns.interruptAll();
    const unfinished = await running.idle(SAVE_TIMEOUT_MS);
    log.info("stopped serving", { cutRequests, unfinished });
  });
  return listener;
}

/**
 * A folder for sockets inside that nobody else can look into, where certificates of clients are to be known; `undefined` where
 * not. What a start before left in it is cleared: the caller serves the database alone.
 */
function makeCertificateFolder({ config, place, closers }: ListenerParts): string | undefined {
  const { auth, http, database } = config;
  const isNeeded = auth.kind === "accounts" && auth.clientCertificates && (http.tls?.clientCaPaths.length ?? 0) > 0;
  if (!isNeeded) return undefined;
  if (place) return place.folder;
  const isInMemory = database.path === ":memory:";
  const path = isInMemory ? mkdtempSync(join(tmpdir(), "berth-")) : join(dirname(database.path), "connections");
  const remove = () => rmSync(path, { recursive: true, force: true });
  if (!isInMemory) {
    remove();
    mkdirSync(path, { mode: 0o700 });
  }
  closers.add(remove);
  return path;
}

/** Where the other processes pass on what is for this one; `undefined` if there are none. */
async function listenForSiblings(parts: ListenerParts, handle: RequestHandler): Promise<Listener | undefined> {
  const { metrics, place } = parts;
  if (!place) return undefined;
  const address = { unixSocketPath: siblingsOf(place).socketOf(place.index) };
  const fetch = createSiblingHandler(handle, { metrics, restarts: place.restarts });
  // Who passes a request on has the client's connection, and its time-outs.
  return startListener({ address, fetch, ...listening(parts), limits: { idleTimeoutMs: 0 } });
}

/** How a serving process finds the others. */
function siblingsOf(place: ProcessPlace): SiblingProcesses {
  return {
    index: place.index,
    count: place.count,
    ownerOf: (uploadId) => ownerOf(uploadId, place.count),
    socketOf: (index) => socketOf(place, index),
  };
}

function withSiblings({ config, place }: ListenerParts, handle: RequestHandler): RequestHandler {
  return place ? passOnUploads(handle, siblingsOf(place), config.http.prefix) : handle;
}

function listening(parts: ListenerParts) {
  const { config, log, place } = parts;
  const unsent = { newRequestId: randomUUID, report: (answer: UnsentAnswer) => reportUnsent(parts, answer) };
  return {
    isShared: place !== undefined,
    limits: { idleTimeoutMs: config.http.limits.idleTimeoutMs },
    reportProblem: (message: string, error?: unknown) => log.warn(message, { error }),
    answerError: (error: unknown) => unsentResponse(error, unsent),
  };
}

/** The file of a blob is opened after the request was told of, so that only here it shows that it cannot be read. */
function reportUnsent({ config, log, metrics }: ListenerParts, { requestId, status, error }: UnsentAnswer): void {
  metrics.storageAction(config.storage.driver.kind, "Reader").countFailure();
  const path = error instanceof Error && "path" in error ? error.path : undefined;
  log.error("an answer that is told to have gone well could not be sent, and this one was sent instead", {
    "http.request.id": requestId,
    "http.response.status": status,
    "err.message": String(error),
    ...(path !== undefined && { path, advice: "Berth's user has to be able to read it" }),
  });
}

async function openTls(
  { config, log, metrics, closers }: ListenerParts,
  signal: AbortSignal,
): Promise<TlsSource | undefined> {
  const { tls, address } = config.http;
  if (!tls) return undefined;
  const reports = {
    reportProblem: (message: string, error?: unknown) => log.warn(message, { error }),
    reportProgress: (message: string) => log.info(message),
  };
  const source = await openTlsSource(tls, {
    clock: systemClock,
    random: Math.random,
    ...reports,
    listenAddress: "unixSocketPath" in address ? undefined : address,
    signal,
  });
  closers.add(() => source.stop());
  closers.add(watchExpiry(source, { clock: systemClock, ...reports }));
  metrics.addReading({
    name: "berth_tls_certificate_not_after_timestamp_seconds",
    help: "When the certificate that is served ends.",
    type: "gauge",
    together: "min",
    read: () => source.current.pair.notAfterMs / 1000,
  });
  return source;
}
