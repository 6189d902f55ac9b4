import type { Clock } from "../../../runtime/index.ts";
import type { CertificatePair } from "../certificate-pair.ts";
import type { AcmeOptions } from "../options.ts";
import { TlsError } from "../tls-error.ts";
import type { AlpnChallengePort, ReportProblem } from "../tls-source.ts";
import { AcmeCache } from "./acme-cache.ts";
import { type ChallengeAnswers, openChallengeAnswers } from "./challenge-answers.ts";
import { type AcmePace, orderCertificate, usualPace } from "./order-certificate.ts";
import { renewalDueAtMs, retryDelayMs } from "./renewal-schedule.ts";

export interface AcmeDependencies extends AcmeTiming {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly reportProblem: ReportProblem;
  readonly reportProgress: (message: string) => void;
  readonly listenAddress: { readonly hostname: string; readonly port: number } | undefined;
  /** Ends the wait for a first certificate. */
  readonly signal?: AbortSignal;
}

export interface AcmeTiming {
  /** How often it is asked whether a renewal is due; default one minute. */
  readonly checkIntervalMs?: number;
  readonly pace?: AcmePace;
}

/**
 * Opens the certificate that an ACME authority gives for the hosts: from the cache, or ordered now. Resolves when there is one;
 * failed attempts are reported and repeated with growing pauses.
 *
 * @throws TlsError when settings, cache or challenge port cannot be used
 */
export async function openAcmeCertificates(
  options: AcmeOptions,
  dependencies: AcmeDependencies,
): Promise<AcmeCertificates> {
  requireUsable(options);
  const cache = await AcmeCache.open(options.cacheDirectory, options.directoryUrl, options.hosts);
  const answers = openChallengeAnswers(options, dependencies.listenAddress);
  const desk = new OrderDesk({ options, cache, answers, dependencies });
  try {
    return new AcmeCertificates(desk, dependencies, (await desk.findUsable()) ?? (await desk.orderUntilDone()));
  } catch (error) {
    await answers.stop();
    throw error;
  }
}

/** A certificate from an ACME authority that renews itself; while a renewal fails the old one stays in use. */
export class AcmeCertificates {
  readonly #desk: OrderDesk;
  readonly #dependencies: AcmeDependencies;
  readonly #subscribers = new Set<() => void>();
  readonly #timer: ReturnType<typeof setInterval>;
  #current: CertificatePair;
  #dueAtMs: number;
  #checking: Promise<void> | undefined;

  constructor(desk: OrderDesk, dependencies: AcmeDependencies, first: CertificatePair) {
    this.#desk = desk;
    this.#dependencies = dependencies;
    this.#current = first;
    this.#dueAtMs = renewalDueAtMs(first, dependencies.random());
    this.#timer = setInterval(() => void this.checkNow(), dependencies.checkIntervalMs ?? 60_000);
    this.#timer.unref();
  }

  get current(): CertificatePair {
    return this.#current;
  }

  /** Calls back after `current` changed. Returns the function that ends it. */
  subscribe(onChange: () => void): () => void {
    this.#subscribers.add(onChange);
    return () => this.#subscribers.delete(onChange);
  }

  useAlpnPort(port: AlpnChallengePort | undefined): void {
    this.#desk.useAlpnPort(port);
  }

  /** Renews if that is due and no pause after a failure is on; never rejects. */
  checkNow(): Promise<void> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#subscribers.clear();
    await this.#desk.stop();
  }

  async #check(): Promise<void> {
    if (this.#dependencies.clock.nowMs() < this.#dueAtMs) return;
    const renewed = await this.#desk.tryOrder();
    if (!renewed) return;
    this.#current = renewed;
    this.#dueAtMs = renewalDueAtMs(renewed, this.#dependencies.random());
    for (const notify of this.#subscribers) notify();
  }
}

interface DeskParts {
  readonly options: AcmeOptions;
  readonly cache: AcmeCache;
  readonly answers: ChallengeAnswers;
  readonly dependencies: AcmeDependencies;
}

/** Orders certificates, reports how that went, and keeps the pauses after failures. */
class OrderDesk {
  readonly #parts: DeskParts;
  #failures = 0;
  #notBeforeMs = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  useAlpnPort(port: AlpnChallengePort | undefined): void {
    this.#parts.answers.useAlpnPort(port);
  }

  stop(): Promise<void> {
    return this.#parts.answers.stop();
  }

  /** The cached certificate, if it is for these hosts and not over. */
  async findUsable(): Promise<CertificatePair | undefined> {
    const { cache, options, dependencies } = this.#parts;
    try {
      const pair = await cache.findPair();
      if (!pair || pair.notAfterMs <= dependencies.clock.nowMs()) return undefined;
      const names = new Set(pair.names.map((name) => name.toLowerCase()));
      return options.hosts.every((host) => names.has(host.toLowerCase())) ? pair : undefined;
    } catch (error) {
      dependencies.reportProblem(`${cache.certificatePath} is of no use: a new certificate is ordered`, error);
      return undefined;
    }
  }

  async orderUntilDone(): Promise<CertificatePair> {
    const { clock, signal } = this.#parts.dependencies;
    for (;;) {
      const pair = await this.tryOrder();
      if (pair) return pair;
      await pause(this.#notBeforeMs - clock.nowMs(), signal);
    }
  }

  /** `undefined` when it failed, which is reported, or when it is too early after a failure. */
  async tryOrder(): Promise<CertificatePair | undefined> {
    const { options, cache, answers, dependencies } = this.#parts;
    if (dependencies.clock.nowMs() < this.#notBeforeMs) return undefined;
    try {
      const pair = await orderCertificate({ options, cache, answers, pace: dependencies.pace ?? usualPace });
      this.#failures = 0;
      await this.#keep(pair);
      return pair;
    } catch (error) {
      this.#postpone(error);
      return undefined;
    }
  }

  /** A certificate that cannot be kept is still one that can be used. */
  async #keep(pair: CertificatePair): Promise<void> {
    const { cache, dependencies } = this.#parts;
    const end = new Date(pair.notAfterMs).toISOString();
    dependencies.reportProgress(`new certificate for ${pair.names.join(", ")}, good until ${end}`);
    await cache
      .putPair(pair)
      .catch((error: unknown) => dependencies.reportProblem("the new certificate was not saved", error));
  }

  #postpone(error: unknown): void {
    const { clock, random, reportProblem } = this.#parts.dependencies;
    this.#failures += 1;
    const delayMs = retryDelayMs(this.#failures, random());
    this.#notBeforeMs = clock.nowMs() + delayMs;
    reportProblem(`ordering a certificate failed: next attempt in ${Math.round(delayMs / 60_000)} minutes`, error);
  }
}

function requireUsable({ hosts, challenge }: AcmeOptions): void {
  if (hosts.length === 0) throw new TlsError("options-refused", "ACME needs the names of the hosts");
  const wildcard = hosts.find((host) => host.startsWith("*."));
  if (wildcard !== undefined && challenge !== "dns-01") {
    throw new TlsError("options-refused", `${wildcard} can only be proved by challenge dns-01, not by ${challenge}`);
  }
}

function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, delayMs);
    const end = () => {
      clearTimeout(timer);
      reject(new TlsError("order-failed", "stopped before a certificate was there"));
    };
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}
