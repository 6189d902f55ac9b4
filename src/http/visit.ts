import { ANONYMOUS, type Caller, nameOf, type Principal } from "../access/index.ts";
import { RegistryError, shorten, Warnings } from "../oci/index.ts";
import { type Soon, whenThere } from "../runtime/index.ts";
import { actOriginOf } from "./act-origin.ts";
import { type Answer, type CommonHeaders, responseOf } from "./answer.ts";
import { asRegistryError, errorAnswer, type ErrorContext } from "./error-answer.ts";
import { type ClientView, isHost } from "./forwarded.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import type { ConnectionInfo } from "./listener/index.ts";
import type { RequestSpan } from "./observation/index.ts";
import type { AskedRequest, CountedPull } from "./rate-limits/index.ts";
import { handlerNameOf, recordOf, type RequestRecord } from "./request-record.ts";
import { decodePath, pathOf, targetOf } from "./request-target.ts";
import { allowedMethods, dispatch, readRoute } from "./v2/dispatch.ts";
import type { Exchange } from "./v2/exchange.ts";
import { matchRoute, type ParsedRoute, type Route } from "./v2/match-route.ts";
import { challengeOf, requireSignedIn } from "./v2/require-access.ts";
import type { Door, Edge, Page, Visitor } from "./edge.ts";

/** Nearly every request has none; nobody changes it. */
const NO_QUERY = new URLSearchParams();

/** The edge, with what is the same for all requests. */
export interface PreparedEdge extends Edge {
  /** Of every answer. */
  readonly commonHeaders: CommonHeaders;
  readonly certificates: ClientCertificates;
}

/** One request from its arrival to its answer, with what becomes known of it on the way. */
export class Visit {
  readonly #edge: PreparedEdge;
  readonly #request: Request;
  readonly #connection: ConnectionInfo;
  readonly #client: ClientView;
  readonly #startedAtMs: number;
  readonly #startedOnWatchMs: number;
  readonly #span: RequestSpan | undefined;
  readonly #requestId: string;
  /** Path and query, as sent. */
  readonly #target: string;
  readonly #warnings = new Warnings();
  #principal: Principal = ANONYMOUS;
  #route: Route | undefined;
  #door: Door | undefined;
  #handler = handlerNameOf(undefined);
  #pull: CountedPull | undefined;
  #isCounted = false;
  #receivedBytes = 0;

  constructor(edge: PreparedEdge, request: Request, connection: ConnectionInfo, client: ClientView) {
    this.#edge = edge;
    this.#request = request;
    this.#connection = connection;
    this.#client = client;
    this.#startedAtMs = edge.clock.nowMs();
    this.#startedOnWatchMs = edge.stopwatchMs();
    this.#span = edge.tracing?.startRequest(request);
    this.#requestId = edge.newRequestId();
    this.#target = targetOf(request.url);
  }

  /** Asked for only where somebody wants to know. */
  get address(): string {
    return this.#client.remoteAddress;
  }

  get requestId(): string {
    return this.#requestId;
  }

  get clientCertificate(): Uint8Array | undefined {
    return this.#edge.certificates.find(this.#request, this.#connection);
  }

  /** At once where nothing has to be waited for. */
  answer(refusal?: RegistryError): Soon<Response> {
    try {
      const answer = this.#span ? this.#span.run(() => this.#respond(refusal)) : this.#respond(refusal);
      return answer instanceof Promise ? this.#answerLater(answer) : this.#finish(answer);
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  async #answerLater(answer: Promise<Answer>): Promise<Response> {
    try {
      return this.#finish(await answer);
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  /** The one place where an error becomes an answer. */
  #fail(thrown: unknown): Response {
    const error = asRegistryError(thrown);
    return this.#finish(this.#answerError(error), error);
  }

  #answerError(error: RegistryError): Answer {
    const context = this.#errorContext();
    const { answerError } = this.#door ?? {};
    if (!answerError) return errorAnswer(error, context);
    return answerError(error, { ...context, requestId: this.#requestId, challenge: context.challenge(error) });
  }

  #errorContext(): ErrorContext {
    const { authenticator, registry } = this.#edge;
    const allow = this.#route ? allowedMethods(this.#route, registry.options) : "GET, HEAD";
    const challenge = (error: RegistryError) =>
      authenticator.challenge({ origin: this.#wholeOrigin(), ...challengeOf(error) });
    return { method: this.#request.method, challenge, allow };
  }

  #respond(refusal?: RegistryError): Soon<Answer> {
    this.#requireSoundRequest();
    const sentPath = pathOf(this.#target);
    const asked = decodePath(sentPath);
    const path = this.#withoutPrefix(asked);
    this.#route = matchRoute(path);
    this.#door = this.#route ? undefined : this.#findDoor(path);
    this.#handler = this.#door?.name ?? handlerNameOf(this.#route);
    this.#edge.metrics.requestStarted(this.#handler);
    this.#isCounted = true;
    if (refusal) throw refusal;
    // Probes come past the proxy that adds the prefix.
    const page = this.#edge.pages.get(asked) ?? this.#edge.pages.get(path);
    if (!page?.isOpen) this.#requireHealth();
    if (page && !page.needsLogin) return this.#show(page);
    if (this.#door) return this.#enter(this.#door, path);
    return whenThere(this.#authenticate(), (caller) => {
      this.#principal = caller.principal;
      if (this.#edge.rateLimits) this.#pull = this.#edge.rateLimits.admit(this.#askedRequest());
      if (page || !this.#route) requireSignedIn(caller);
      if (page) return this.#show(page);
      if (!this.#route) throw new RegistryError("route-unknown", `there is nothing at ${shorten(asked)}`);
      const queryText = this.#target.slice(sentPath.length);
      const query = queryText === "" ? NO_QUERY : new URLSearchParams(queryText);
      return dispatch(this.#exchange(query, readRoute(this.#route, caller), caller));
    });
  }

  #findDoor(path: string): Door | undefined {
    return this.#edge.doors.find(
      (door) => path === door.path || (door.path.endsWith("/") && path.startsWith(door.path)),
    );
  }

  /** Who comes is not known yet, so that it is counted by the address. */
  #enter(door: Door, path: string): Soon<Answer> {
    const { rateLimits } = this.#edge;
    const respond = () => door.respond(this.#request, this.#visitor(path));
    if (!rateLimits) return respond();
    rateLimits.admit(this.#askedRequest());
    return rateLimits.signingIn(this.address, respond);
  }

  #visitor(path: string): Visitor {
    const introduce = (principal: Principal) => void (this.#principal = principal);
    return { address: this.address, requestId: this.#requestId, origin: this.#wholeOrigin(), path, introduce };
  }

  #authenticate(): Soon<Caller> {
    const { authenticator, rateLimits } = this.#edge;
    const authorization = this.#request.headers.get("authorization");
    // To guess a token is nothing that one could try.
    if (!rateLimits || authorization === null || !/^basic /i.test(authorization))
      return authenticator.authenticate(authorization, this);
    return rateLimits.signingIn(this.address, () => authenticator.authenticate(authorization, this));
  }

  #askedRequest(): AskedRequest {
    const { method } = this.#request;
    return { user: nameOf(this.#principal), address: this.address, method, endpoint: this.#route?.kind };
  }

  #show(page: Page): Soon<Answer> {
    const { method } = this.#request;
    if (method === "GET" || method === "HEAD") return page.respond();
    throw new RegistryError("method-not-allowed", `${method} is not possible here; possible are GET, HEAD`);
  }

  #requireSoundRequest(): void {
    const { host } = this.#client;
    if (host !== "" && !isHost(host)) throw new RegistryError("bad-request", "the Host header is not a host");
    if (this.#request.method === "CONNECT")
      throw new RegistryError("method-not-allowed", "this is a registry, not a proxy: CONNECT is not possible");
  }

  #withoutPrefix(path: string): string {
    const { prefix } = this.#edge.options;
    if (prefix === "/") return path;
    return path.startsWith(prefix) ? path.slice(prefix.length - 1) : "";
  }

  #requireHealth(): void {
    const fault = this.#edge.findFault();
    if (fault !== undefined)
      throw new RegistryError("unavailable", "the registry is not healthy at the moment: try again", { detail: fault });
  }

  #exchange(query: URLSearchParams, route: ParsedRoute, caller: Caller): Exchange {
    return {
      registry: this.#edge.registry,
      emptyRegistry: this.#edge.emptyRegistry,
      options: this.#edge.options,
      request: this.#request,
      route,
      query,
      origin: this.#origin(),
      caller,
      by: actOriginOf(nameOf(this.#principal), this.#client, this.#requestId),
      warnings: this.#warnings,
      expectLongTransfer: () => this.#connection.expectLongTransfer(),
      whileSilent: (work) => whileSilent(this.#connection, work),
      countReceived: (bytes) => (this.#receivedBytes += bytes),
    };
  }

  /** What `Location` starts with. */
  #origin(): string {
    return this.#edge.options.relativeUrls ? "" : this.#wholeOrigin();
  }

  /** `""` if the client named no host. */
  #wholeOrigin(): string {
    const { publicOrigin } = this.#edge.options;
    return publicOrigin ?? (this.#client.host === "" ? "" : `${this.#client.scheme}://${this.#client.host}`);
  }

  #finish(answer: Answer, error?: RegistryError): Response {
    const record = this.#record(answer, error);
    if (this.#isCounted) this.#edge.metrics.requestFinished(record.handler);
    this.#edge.observe(record);
    this.#span?.finish(record);
    const response = responseOf(answer, this.#edge.commonHeaders);
    response.headers.set("X-Request-Id", this.#requestId);
    this.#pull?.settle(response);
    for (const warning of this.#warnings.headerValues()) response.headers.append("Warning", warning);
    return response;
  }

  #record(answer: Answer, error: RegistryError | undefined): RequestRecord {
    const facts = {
      requestId: this.#requestId,
      startedAtMs: this.#startedAtMs,
      durationMs: this.#edge.stopwatchMs() - this.#startedOnWatchMs,
      target: this.#target,
      client: this.#client,
      user: nameOf(this.#principal),
      request: this.#request,
      handler: this.#handler,
      route: this.#route,
      receivedBytes: this.#receivedBytes,
      error,
    };
    return recordOf(facts, answer);
  }
}

async function whileSilent<T>(connection: ConnectionInfo, work: () => Promise<T>): Promise<T> {
  try {
    return await connection.withoutIdleTimeout(work);
  } finally {
    connection.expectLongTransfer();
  }
}
