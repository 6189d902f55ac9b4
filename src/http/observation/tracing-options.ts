/** Names and values as in the process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TracingOptions {
  /** Where traces are sent, in full. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** `service.name` among them. */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: SamplerOptions;
  /** Whether a request's `traceparent` is believed. */
  readonly acceptsParent: boolean;
  readonly batch: BatchOptions;
}

export interface SamplerOptions {
  /** Whether the decision of who called is kept. */
  readonly isParentBased: boolean;
  /** 0 to 1: the part of the traces that is kept. */
  readonly ratio: number;
}

export interface BatchOptions {
  readonly delayMs: number;
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  readonly timeoutMs: number;
}

export interface TracingSettings {
  /** `undefined` when traces are off, as they are unless an end point or the exporter `otlp` is named. */
  readonly options: TracingOptions | undefined;
  /** What was set but cannot be followed, in words for the log. */
  readonly problems: readonly string[];
}

/**
 * Reads what the standard `OTEL_*` variables say about traces.
 *
 * @spec OpenTelemetry, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter"
 */
export function readTracingSettings(env: Environment): TracingSettings {
  const problems: string[] = [];
  if (!isOn(env, problems)) return { options: undefined, problems };
  const propagators = (env["OTEL_PROPAGATORS"] || "tracecontext").split(",").map((name) => name.trim());
  const options: TracingOptions = {
    url: urlOf(env),
    headers: {
      ...parsePairs(env["OTEL_EXPORTER_OTLP_HEADERS"]),
      ...parsePairs(env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]),
    },
    timeoutMs: numberOf(env, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", numberOf(env, "OTEL_EXPORTER_OTLP_TIMEOUT", 10_000)),
    resourceAttributes: resourceAttributesOf(env),
    sampler: samplerOf(env, problems),
    acceptsParent: propagators.includes("tracecontext"),
    batch: batchOf(env),
  };
  return { options, problems };
}

function isOn(env: Environment, problems: string[]): boolean {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return false;
  const exporter = env["OTEL_TRACES_EXPORTER"] || (endpointOf(env) === undefined ? "none" : "otlp");
  if (exporter === "none") return false;
  const protocol = env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] || env["OTEL_EXPORTER_OTLP_PROTOCOL"] || "http/json";
  if (exporter !== "otlp") problems.push(`OTEL_TRACES_EXPORTER=${exporter} is not supported, only otlp: no traces`);
  else if (!protocol.startsWith("http/"))
    problems.push(`the OTLP protocol ${protocol} is not supported, only http (port 4318 of a collector): no traces`);
  else if (!URL.canParse(urlOf(env))) problems.push(`the OTLP end point ${urlOf(env)} is not a URL: no traces`);
  return problems.length === 0;
}

function endpointOf(env: Environment): string | undefined {
  return env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"] || undefined;
}

function urlOf(env: Environment): string {
  const forTraces = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  if (forTraces) return forTraces;
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"] || "http://localhost:4318";
  return `${base.replace(/\/$/, "")}/v1/traces`;
}

function resourceAttributesOf(env: Environment): Record<string, string> {
  const attributes = { "service.name": "berth", ...parsePairs(env["OTEL_RESOURCE_ATTRIBUTES"]) };
  const name = env["OTEL_SERVICE_NAME"];
  return name ? { ...attributes, "service.name": name } : attributes;
}

function samplerOf(env: Environment, problems: string[]): SamplerOptions {
  const name = env["OTEL_TRACES_SAMPLER"] || "parentbased_always_on";
  const isParentBased = name.startsWith("parentbased_");
  switch (name.replace(/^parentbased_/, "")) {
    case "always_on":
      return { isParentBased, ratio: 1 };
    case "always_off":
      return { isParentBased, ratio: 0 };
    case "traceidratio":
      return { isParentBased, ratio: ratioOf(env["OTEL_TRACES_SAMPLER_ARG"], problems) };
    default:
      problems.push(`OTEL_TRACES_SAMPLER=${name} is not known: parentbased_always_on is used`);
      return { isParentBased: true, ratio: 1 };
  }
}

function ratioOf(text: string | undefined, problems: string[]): number {
  if (text === undefined || text === "") return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  problems.push(`OTEL_TRACES_SAMPLER_ARG=${text} is no number from 0 to 1: 1 is used`);
  return 1;
}

function batchOf(env: Environment): BatchOptions {
  return {
    delayMs: numberOf(env, "OTEL_BSP_SCHEDULE_DELAY", 5000),
    maxQueueSize: numberOf(env, "OTEL_BSP_MAX_QUEUE_SIZE", 2048),
    maxBatchSize: numberOf(env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
    timeoutMs: numberOf(env, "OTEL_BSP_EXPORT_TIMEOUT", 30_000),
  };
}

/** What is no number above 0 is as if it were not set, as the specification has it. */
function numberOf(env: Environment, name: string, otherwise: number): number {
  const value = Number(env[name] || Number.NaN);
  return value > 0 ? value : otherwise;
}

/** `a=1,b=x%20y`, as in W3C baggage; a pair that is none is left out. */
function parsePairs(text: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of (text ?? "").split(",")) {
    const equals = pair.indexOf("=");
    if (equals > 0) pairs[decode(pair.slice(0, equals))] = decode(pair.slice(equals + 1));
  }
  return pairs;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}
