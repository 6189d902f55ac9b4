import type { Clock } from "../../runtime/index.ts";
import type { CertificatePair } from "./certificate-pair.ts";
import type { ReportProblem, TlsSource } from "./tls-source.ts";

export interface ExpiryWatch {
  readonly clock: Clock;
  readonly reportProblem: ReportProblem;
  readonly reportProgress: (message: string) => void;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const WARNED_MS = 14 * DAY_MS;
/** Of the life of one that lives only some days. */
const WARNED_PART = 1 / 4;

/** Tells, at once and each day, that a certificate ends soon or has ended, and when another takes its place. @returns ends it */
export function watchExpiry(source: Pick<TlsSource, "current" | "subscribe">, parts: ExpiryWatch): () => void {
  let { pair } = source.current;
  const look = () => {
    const problem = findProblem(pair, parts.clock.nowMs());
    if (problem !== undefined) parts.reportProblem(problem);
  };
  look();
  const timer = setInterval(look, DAY_MS);
  timer.unref();
  const unsubscribe = source.subscribe(() => {
    // Authorities of clients may have changed, too.
    if (source.current.pair === pair) return;
    ({ pair } = source.current);
    parts.reportProgress(
      `another certificate is in use, for ${pair.names.join(", ")}, until ${timeOf(pair.notAfterMs)}`,
    );
    look();
  });
  return () => {
    clearInterval(timer);
    unsubscribe();
  };
}

function findProblem({ names, notBeforeMs, notAfterMs }: CertificatePair, nowMs: number): string | undefined {
  const certificate = `the certificate for ${names.join(", ")}`;
  if (nowMs >= notAfterMs) return `${certificate} has ended at ${timeOf(notAfterMs)}: clients refuse it`;
  if (nowMs < notBeforeMs) return `${certificate} begins only at ${timeOf(notBeforeMs)}: clients refuse it until then`;
  const warnedMs = Math.min(WARNED_MS, (notAfterMs - notBeforeMs) * WARNED_PART);
  return nowMs >= notAfterMs - warnedMs ? `${certificate} ends at ${timeOf(notAfterMs)}: renew it` : undefined;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
