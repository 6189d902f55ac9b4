import type { Clock, Log, Soon } from "../../runtime/index.ts";
import type { HealthCheck } from "./health-checks.ts";
import { PeriodicCheck } from "./periodic-check.ts";
import { type Faults, Prober, type Probe, type Readiness } from "./readiness.ts";

/**
 * Whether the registry is well. The configured checks, which registry:2 has too, close it for everybody while one fails;
 * readiness tells a load balancer whether to send it requests, and closes nothing.
 */
export interface Health {
  /** Begins to look, each check after its interval. */
  start(): void;
  stop(): void;
  /** Runs every configured check now, as if its interval were over. */
  checkNow(): Promise<void>;
  /** The configured checks that fail and why, by name. */
  status(): Faults;
  /** What a client is told while a configured check fails; `undefined` while none does. */
  findFault(): string | undefined;
  /** Whether to send requests here, and what is wrong: failing checks, storage, database, a shutdown under way. */
  readiness(): Promise<Readiness>;
  /** Of each check and probe whether it finds nothing wrong: 1, or 0. */
  findings(): Promise<Readonly<Record<string, number>>>;
  /** The registry is about to stop: it is not ready any more, though it still answers. */
  drain(): void;
}

export interface HealthDependencies {
  readonly checks: readonly HealthCheck[];
  /** Asked for readiness. */
  readonly probes: readonly Probe[];
  readonly clock: Clock;
  readonly log: Log;
  /** What is no fault, and good to know: such as that nothing can be changed now. */
  readonly findNotice?: () => Soon<string | undefined>;
  /** How long a probe may take: 2,000. */
  readonly probeTimeoutMs?: number;
  /** How long a readiness result is used: 1,000. */
  readonly cacheMs?: number;
}

/** registry:2's words, which point its operator to the right place. */
const FAULT = "health check failed: please see /debug/health";

export function createHealth(dependencies: HealthDependencies): Health {
  const { clock, log, probes, findNotice, probeTimeoutMs = 2000, cacheMs = 1000 } = dependencies;
  const checks = dependencies.checks.map((check) => new PeriodicCheck(check, log));
  const prober = new Prober({ probes, clock, log, timeoutMs: probeTimeoutMs, cacheMs });
  let isDraining = false;
  const status = (): Faults => {
    const failing = checks.flatMap(({ name, fault }): [string, string][] =>
      fault === undefined ? [] : [[name, fault]],
    );
    return Object.fromEntries(failing.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return {
    start: () => checks.forEach((check) => check.start()),
    stop: () => checks.forEach((check) => check.stop()),
    checkNow: async () => void (await Promise.all(checks.map((check) => check.runOnce()))),
    status,
    findFault: () => (checks.some((check) => check.fault !== undefined) ? FAULT : undefined),
    readiness: async () => {
      if (isDraining) return { isReady: false, faults: { shutdown: "the registry is about to stop" } };
      const failing = status();
      const { isReady, faults } = await prober.readiness();
      const isWell = isReady && Object.keys(failing).length === 0;
      return { isReady: isWell, faults: { ...failing, ...faults }, notice: await findNotice?.() };
    },
    findings: async () => {
      const faults = { ...status(), ...(await prober.readiness()).faults };
      return Object.fromEntries([...checks, ...probes].map(({ name }) => [name, name in faults ? 0 : 1]));
    },
    drain: () => void (isDraining = true),
  };
}
