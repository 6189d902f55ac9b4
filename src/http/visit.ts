import { ANONYMOUS, type Caller, type Principal } from "../access/index.ts";
import { RegistryError, shorten } from "../oci/index.ts";
import { type Soon, whenThere } from "../runtime/index.ts";
import { type Answer, responseOf, withoutBody } from "./answer.ts";
import { Client } from "./client.ts";
import { type Destination, findDestination } from "./destination.ts";
import type { Door, Page, PreparedEdge } from "./edge.ts";
import { asRegistryError, errorAnswer } from "./error-answer.ts";
import { methodNotAllowed } from "./http-error.ts";
import { isHost } from "./forwarded.ts";
import type { ConnectionInfo } from "./listener/index.ts";
import type { RequestSpan } from "./observation/index.ts";
import type { CountedPull, RateLimits } from "./rate-limits/index.ts";
import { recordOf } from "./request-record.ts";
import { decodePath, pathOf, queryOf, targetOf } from "./request-target.ts";
import { Transfer } from "./transfer.ts";
import { allowedMethods, dispatch, readRoute } from "./v2/dispatch.ts";
import type { Route } from "./v2/match-route.ts";
import { challengeOf, requireSignedIn } from "./v2/require-access.ts";

/** One request from its arrival to its answer, with what becomes known of it on the way. */
export class Visit {
  readonly request: Request;
  readonly client: Client;
  readonly transfer: Transfer;
  readonly startedAtMs: number;
  /** Path and query, as sent. */
  readonly target: string;
  principal: Principal = ANONYMOUS;
  destination: Destination | undefined;
  readonly #edge: PreparedEdge;
  readonly #startedOnWatchMs: number;
  readonly #span: RequestSpan | undefined;
  #isCounted = false;
  #pull: CountedPull | undefined;

  constructor(edge: PreparedEdge, request: Request, connection: ConnectionInfo) {
    this.#edge = edge;
    this.request = request;
    this.startedAtMs = edge.clock.nowMs();
    this.#startedOnWatchMs = edge.stopwatchMs();
    this.client = new Client(edge, request, connection);
    this.transfer = new Transfer(connection);
    this.#span = edge.tracing?.startRequest(request);
    this.target = targetOf(request.url);
  }

  /** Since it arrived. */
  elapsedMs(): number {
    return this.#edge.stopwatchMs() - this.#startedOnWatchMs;
  }

  /** At once where nothing has to be waited for. */
  answer(refusal?: RegistryError): Soon<Response> {
    let answer: Soon<Answer>;
    try {
      answer = this.#span ? this.#span.run(() => this.#respond(refusal)) : this.#respond(refusal);
    } catch (thrown) {
      return this.#fail(thrown);
    }
    if (!(answer instanceof Promise)) return this.#finish(answer);
    return answer.then(
      (made) => this.#finish(made),
      (thrown: unknown) => this.#fail(thrown),
    );
  }

  /** Where an error becomes an answer. */
  #fail(thrown: unknown): Response {
    const error = asRegistryError(thrown);
    return this.#finish(this.#answerError(error), error);
  }

  #answerError(error: RegistryError): Answer {
    const { authenticator, registry } = this.#edge;
    const { origin, requestId } = this.client;
    const { route, door } = this.destination ?? {};
    const { answerError = errorAnswer } = door ?? {};
    const options = error.kind === "read-only" ? { ...registry.options, readOnly: true } : registry.options;
    return answerError(error, {
      requestId,
      allow: route ? allowedMethods(route, options) : "GET, HEAD",
      challenge: (refusal) => authenticator.challenge({ origin, ...challengeOf(refusal) }),
    });
  }

  #respond(refusal?: RegistryError): Soon<Answer> {
    this.#requireSoundRequest();
    const asked = decodePath(pathOf(this.target));
    const destination = findDestination(this.#edge, asked);
    this.destination = destination;
    this.#edge.metrics.requestStarted(destination.handler);
    if (refusal) throw refusal;
    const { page, door, route } = destination;
    if (!page?.isOpen) this.#requireHealth();
    if (page && !page.needsLogin) return this.#show(page);
    if (door) return this.#enter(door, destination.path);
    return whenThere(this.#authenticate(), (caller) => {
      this.principal = caller.principal;
      this.#admit();
      if (page || !route) requireSignedIn(caller);
      if (page) return this.#show(page);
      if (!route) throw new RegistryError("route-unknown", `there is nothing at ${shorten(asked)}`);
      return this.#dispatch(route, caller);
    });
  }

  #requireSoundRequest(): void {
    const { host } = this.client;
    if (host !== "" && !isHost(host)) throw new RegistryError("bad-request", "the Host header is not a host");
    if (this.request.method === "CONNECT")
      throw new RegistryError("method-not-allowed", "this is a registry, not a proxy: CONNECT is not possible");
  }

  #requireHealth(): void {
    const fault = this.#edge.findFault();
    if (fault !== undefined)
      throw new RegistryError("unavailable", "the registry is not healthy at the moment: try again", { detail: fault });
  }

  #show(page: Page): Soon<Answer> {
    const { method } = this.request;
    if (method === "GET" || method === "HEAD") return page.respond();
    throw methodNotAllowed(method, "GET, HEAD");
  }

  #enter(door: Door, path: string): Soon<Answer> {
    const { request, client } = this;
    const introduce = (principal: Principal) => {
      this.principal = principal;
      this.#admit();
    };
    const [query, from] = [queryOf(this.target), client.acting(undefined)];
    const respond = () => door.respond({ request, path, query, origin: client.origin, from, introduce });
    const { rateLimits } = this.#edge;
    return rateLimits ? this.#enterCounted(rateLimits, respond) : respond();
  }

  /** Counted when the door tells who comes, or in the end by the address if it does not. */
  async #enterCounted(rateLimits: RateLimits, respond: () => Soon<Answer>): Promise<Answer> {
    try {
      return await rateLimits.signingIn(this.client.address, respond);
    } finally {
      this.#admit();
    }
  }

  #authenticate(): Soon<Caller> {
    const { authenticator, rateLimits } = this.#edge;
    const authorization = this.request.headers.get("authorization");
    // To guess a token is nothing that one could try.
    if (!rateLimits || authorization === null || !/^basic /i.test(authorization))
      return authenticator.authenticate(authorization, this.client);
    return rateLimits.signingIn(this.client.address, () => authenticator.authenticate(authorization, this.client));
  }

  /** Counts the request, once, for whom it is known to come from by now. */
  #admit(): void {
    if (!this.#edge.rateLimits || this.#isCounted) return;
    this.#isCounted = true;
    const { client, request, destination } = this;
    const [user, endpoint] = [this.principal.name, destination?.route?.kind];
    this.#pull = this.#edge.rateLimits.admit({ user, address: client.address, method: request.method, endpoint });
  }

  #dispatch(sent: Route, caller: Caller): Soon<Answer> {
    const { registry, emptyRegistry, options, authenticator } = this.#edge;
    const { request, client, transfer } = this;
    const route = readRoute(sent, caller);
    const query = queryOf(this.target);
    return dispatch({
      registry,
      emptyRegistry,
      options,
      request,
      route,
      query,
      client,
      caller,
      authenticator,
      transfer,
      noteMoved: (name) => (this.destination = movedDestination(this.destination, name)),
    });
  }

  #finish(answer: Answer, error?: RegistryError): Response {
    let response: Response;
    try {
      response = responseOf(this.request.method === "HEAD" ? withoutBody(answer) : answer, this.#edge.commonHeaders);
    } catch (thrown) {
      // Then the answer to that is the one to tell of.
      return this.#fail(thrown);
    }
    const record = recordOf(this, answer, error);
    if (this.destination) this.#edge.metrics.requestFinished(record.handler);
    this.#edge.observe(record);
    this.#span?.finish(record);
    response.headers.set("X-Request-Id", this.client.requestId);
    this.#pull?.settle(response);
    return response;
  }
}

/** Logs and meters tell of the repository that it was about. */
function movedDestination(destination: Destination | undefined, name: string): Destination | undefined {
  const { route } = destination ?? {};
  return destination && route && "name" in route ? { ...destination, route: { ...route, name } } : destination;
}
