import type { Clock } from "../../runtime/index.ts";
import type { AcmeTiming } from "./acme/order-desk.ts";
import { openCertificateFiles, openClientAuthorities } from "./certificate-files.ts";
import type { CertificatePair } from "./certificate-pair.ts";
import type { AcmeOptions, TlsOptions } from "./options.ts";
import { TlsError } from "./tls-error.ts";
import type { AlpnChallengePort, ReportProblem, TlsMaterial, TlsSource } from "./tls-source.ts";

export interface TlsDependencies {
  readonly clock: Clock;
  /** From 0 to below 1; spreads renewals and retries of many registries over time. */
  readonly random: () => number;
  readonly reportProblem: ReportProblem;
  /** Told of what goes well, such as a new certificate. */
  readonly reportProgress: (message: string) => void;
  /** Where the listener will listen, for a first TLS-ALPN-01 before it does. */
  readonly listenAddress: { readonly hostname: string; readonly port: number } | undefined;
  /** How often files are looked at; default 10 s. */
  readonly pollIntervalMs?: number;
  /** Ends the wait for a first certificate. */
  readonly signal?: AbortSignal;
  readonly acme?: AcmeTiming;
}

/**
 * Opens the certificates of a listener, kept fresh until it is stopped. With ACME and no certificate in the cache it resolves
 * only when the first one is there, however many attempts that takes.
 *
 * @throws TlsError when files or settings cannot be used
 */
export async function openTlsSource(options: TlsOptions, dependencies: TlsDependencies): Promise<TlsSource> {
  requireUsable(options);
  const files = {
    reportProblem: dependencies.reportProblem,
    pollIntervalMs: dependencies.pollIntervalMs ?? 10_000,
  };
  const clientCas = await openClientAuthorities(options.clientCaPaths, files);
  try {
    const { certificate } = options;
    const certificates =
      certificate.kind === "files"
        ? await openCertificateFiles(certificate, files)
        : await openAcme(certificate, dependencies);
    return new CombinedSource(options, certificates, clientCas);
  } catch (error) {
    clientCas.stop();
    throw error;
  }
}

/** A value that follows something outside, as files and ACME do. */
interface Followed<T> {
  readonly current: T;
  subscribe(onChange: () => void): () => void;
  checkNow(): Promise<void>;
  stop(): void | Promise<void>;
}

interface FollowedCertificates extends Followed<CertificatePair> {
  useAlpnPort?(port: AlpnChallengePort | undefined): void;
}

class CombinedSource implements TlsSource {
  readonly #options: TlsOptions;
  readonly #certificates: FollowedCertificates;
  readonly #clientCas: Followed<readonly string[]>;

  constructor(options: TlsOptions, certificates: FollowedCertificates, clientCas: Followed<readonly string[]>) {
    this.#options = options;
    this.#certificates = certificates;
    this.#clientCas = clientCas;
  }

  get current(): TlsMaterial {
    const { clientAuth, minimumVersion, cipherSuites } = this.#options;
    return {
      pair: this.#certificates.current,
      clientCas: this.#clientCas.current,
      clientAuth,
      minimumVersion,
      cipherSuites,
    };
  }

  subscribe(onChange: () => void): () => void {
    const ends = [this.#certificates.subscribe(onChange), this.#clientCas.subscribe(onChange)];
    return () => ends.forEach((end) => end());
  }

  useAlpnPort(port: AlpnChallengePort | undefined): void {
    this.#certificates.useAlpnPort?.(port);
  }

  async checkNow(): Promise<void> {
    await Promise.all([this.#certificates.checkNow(), this.#clientCas.checkNow()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#clientCas.stop(), this.#certificates.stop()]);
  }
}

/** The ACME client is only loaded by who needs it: it costs a start 100 ms and 13 MB. */
async function openAcme(options: AcmeOptions, dependencies: TlsDependencies): Promise<FollowedCertificates> {
  const { openAcmeCertificates } = await import("./acme/acme-certificates.ts");
  return openAcmeCertificates(options, { ...dependencies, ...dependencies.acme });
}

/** What the TLS of the runtime cannot do is refused before the registry starts with less safety than was asked for. */
function requireUsable(options: TlsOptions): void {
  // Bun.serve verifies against the given authorities or not at all, and does not tell which certificate came.
  if (options.clientCaPaths.length > 0 && options.clientAuth === "require-any-client-cert") {
    throw new TlsError(
      "options-refused",
      "clientauth require-any-client-cert (a certificate that nobody verifies) is not supported: " +
        "take require-and-verify-client-cert",
    );
  }
}
