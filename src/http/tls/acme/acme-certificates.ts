import type { CertificatePair } from "../certificate-pair.ts";
import type { AcmeOptions } from "../options.ts";
import { TlsError } from "../tls-error.ts";
import type { AlpnChallengePort } from "../tls-source.ts";
import { AcmeCache } from "./acme-cache.ts";
import { openChallengeAnswers } from "./challenge-answers.ts";
import { type AcmeDependencies, OrderDesk } from "./order-desk.ts";
import { renewalDueAtMs } from "./renewal-schedule.ts";

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

function requireUsable({ hosts, challenge }: AcmeOptions): void {
  if (hosts.length === 0) throw new TlsError("options-refused", "ACME needs the names of the hosts");
  const wildcard = hosts.find((host) => host.startsWith("*."));
  if (wildcard !== undefined && challenge !== "dns-01") {
    throw new TlsError("options-refused", `${wildcard} can only be proved by challenge dns-01, not by ${challenge}`);
  }
}
