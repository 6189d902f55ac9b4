import { type Clock, pause } from "../../../runtime/index.ts";
import type { CertificatePair } from "../certificate-pair.ts";
import type { AcmeOptions } from "../options.ts";
import { TlsError } from "../tls-error.ts";
import type { AlpnChallengePort, ReportProblem } from "../tls-source.ts";
import type { AcmeCache } from "./acme-cache.ts";
import type { ChallengeAnswers } from "./challenge-answers.ts";
import { type AcmePace, orderCertificate, usualPace } from "./order-certificate.ts";
import { retryDelayMs } from "./renewal-schedule.ts";

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

export interface DeskParts {
  readonly options: AcmeOptions;
  readonly cache: AcmeCache;
  readonly answers: ChallengeAnswers;
  readonly dependencies: AcmeDependencies;
}

/** Orders certificates, reports how that went, and keeps the pauses after failures. */
export class OrderDesk {
  readonly #parts: DeskParts;
  readonly #stop = new AbortController();
  #failures = 0;
  #notBeforeMs = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  useAlpnPort(port: AlpnChallengePort | undefined): void {
    this.#parts.answers.useAlpnPort(port);
  }

  stop(): Promise<void> {
    this.#stop.abort();
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
    const giveUp = () => this.#stop.abort();
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp);
    try {
      for (;;) {
        const pair = await this.tryOrder();
        if (pair) return pair;
        if (!(await pause(this.#notBeforeMs - clock.nowMs(), this.#stop.signal)))
          throw new TlsError("order-failed", "stopped before a certificate was there");
      }
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** `undefined` when it failed, which is reported, or when it is too early after a failure. */
  async tryOrder(): Promise<CertificatePair | undefined> {
    const { options, cache, answers, dependencies } = this.#parts;
    if (dependencies.clock.nowMs() < this.#notBeforeMs) return undefined;
    try {
      const pace = dependencies.pace ?? usualPace;
      const pair = await orderCertificate({ options, cache, answers, pace, signal: this.#stop.signal });
      this.#failures = 0;
      await this.#keep(pair);
      return pair;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#postpone(error);
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
