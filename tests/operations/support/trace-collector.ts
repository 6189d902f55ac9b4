interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number };
  readonly attributes: readonly Attribute[];
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

export interface Span extends Omit<SentSpan, "attributes"> {
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A receiver of traces, OTLP over HTTP in JSON, that keeps what it is sent. */
export class TraceCollector {
  readonly spans: Span[] = [];
  /** Of the last batch. */
  resource: Readonly<Record<string, unknown>> = {};
  /** Every request, whatever it was. */
  readonly requests: { readonly path: string; readonly headers: Headers }[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor() {
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#take(request) });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }

  async #take(request: Request): Promise<Response> {
    this.requests.push({ path: new URL(request.url).pathname, headers: request.headers });
    const batch = (await request.json()) as Batch;
    for (const { resource, scopeSpans } of batch.resourceSpans) {
      this.resource = valuesOf(resource.attributes);
      for (const { spans } of scopeSpans) {
        for (const span of spans) this.spans.push({ ...span, attributes: valuesOf(span.attributes) });
      }
    }
    return Response.json({});
  }
}

function valuesOf(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
