import { z } from "zod";
import type { MetadataDatabase } from "../../metadata/index.ts";
import { type Answer, type AnswerHeaders, emptyAnswer, jsonAnswer, withoutBody } from "../answer.ts";
import { pathOf, targetOf } from "../request-target.ts";
import { type ApiCaller, NOBODY } from "./api-caller.ts";
import type { ApiParts, ApiVisitor } from "./api-parts.ts";
import { createFindRoute, type FindRoute } from "./find-route.ts";
import { type Guard, guardedMetadata } from "./guarded-metadata.ts";
import { IdempotentRequest } from "./idempotency.ts";
import { requirePermission } from "./permission.ts";
import { entityTag, matchGuard } from "./preconditions.ts";
import { decodeParams, parseJson, parsePart, queryObject, readJsonBytes } from "./read-request.ts";
import type { ApiResult, ApiRoute } from "./route.ts";
import { ROUTES } from "./routes.ts";

/** Answers a request to the management API. @throws RegistryError, to be told as a problem */
export type Api = (request: Request, visitor: ApiVisitor) => Promise<Answer>;

export function createApi(parts: ApiParts): Api {
  const findRoute = createFindRoute(ROUTES);
  return (request, visitor) => new Turn(parts, request, visitor).answer(findRoute);
}

const EMPTY = new Uint8Array();
const NO_QUERY = z.strictObject({});

/** One request to the API on its way to its answer. */
class Turn {
  readonly #parts: ApiParts;
  readonly #request: Request;
  readonly #visitor: ApiVisitor;
  /** Path and query, as sent. */
  readonly #target: string;

  constructor(parts: ApiParts, request: Request, visitor: ApiVisitor) {
    this.#parts = parts;
    this.#request = request;
    this.#visitor = visitor;
    this.#target = targetOf(request.url);
  }

  async answer(findRoute: FindRoute): Promise<Answer> {
    const { method } = this.#request;
    const path = pathOf(this.#target);
    const { route, params } = findRoute(method, path.slice(this.#parts.base.length));
    const answer = await this.#serve(route, decodeParams(params));
    return method === "HEAD" ? withoutBody(answer) : answer;
  }

  async #serve(route: ApiRoute, sentParams: Readonly<Record<string, string>>): Promise<Answer> {
    const caller = await this.#caller(route);
    const params = route.params ? parsePart(route.params, sentParams, "path") : {};
    requirePermission(caller, { permission: route.permission, params, isSafe: route.method === "GET" });
    const query = this.#query(route);
    const bytes = route.body ? await readJsonBytes(this.#request) : EMPTY;
    const body = route.body && parsePart(route.body, parseJson(bytes), "body");
    const repeated = this.#idempotent(route, caller, bytes);
    const known = await repeated?.findAnswer();
    if (known) return known;
    const metadata = this.#metadata(route, params, repeated);
    const result = await route.handle({ parts: this.#parts, metadata, caller, params, query, body });
    const answer = "status" in result ? result : await this.#shape(route, params, result);
    if (repeated && !route.showsSecret) await repeated.keepAnswer(answer);
    return answer;
  }

  async #caller({ permission }: ApiRoute): Promise<ApiCaller> {
    return permission === "open" ? NOBODY : this.#parts.authenticate(this.#request, this.#visitor);
  }

  #query(route: ApiRoute): Record<string, unknown> {
    const query = queryObject(new URLSearchParams(this.#target.slice(pathOf(this.#target).length)));
    return parsePart(route.query ?? NO_QUERY, query, "query");
  }

  #idempotent(route: ApiRoute, caller: ApiCaller, body: Uint8Array): IdempotentRequest | undefined {
    const key = this.#request.headers.get("idempotency-key");
    if (key === null || route.method !== "POST") return undefined;
    const sender = JSON.stringify([caller.account?.id, caller.by.actor]);
    return new IdempotentRequest(this.#parts, { key, sender, asked: [route.method, this.#target, body] });
  }

  #metadata(route: ApiRoute, params: Record<string, unknown>, repeated?: IdempotentRequest): MetadataDatabase {
    const guards: Guard[] = repeated ? [repeated.guard] : [];
    const wanted = this.#request.headers.get("if-match");
    const { version } = route;
    if (wanted !== null && version && route.method !== "GET")
      guards.push(matchGuard(wanted, (queries) => version(queries, params)));
    return guardedMetadata(this.#parts.metadata, guards);
  }

  async #shape(route: ApiRoute, params: Record<string, unknown>, result: ApiResult<unknown>): Promise<Answer> {
    const headers: AnswerHeaders = { "Cache-Control": "no-store" };
    const version = await route.version?.(this.#parts.metadata.reads, params);
    if (version !== undefined) headers.ETag = entityTag(version);
    if (result.location !== undefined) headers.Location = `${this.#parts.base}${result.location}`;
    if (result.next !== undefined) headers.Link = this.#nextLink(result.next);
    if (result.body === undefined) return emptyAnswer(204, headers);
    return jsonAnswer(result.body, headers, result.location === undefined ? 200 : 201);
  }

  #nextLink(after: string): string {
    const path = pathOf(this.#target);
    const query = new URLSearchParams(this.#target.slice(path.length));
    query.set("after", after);
    return `<${path}?${query.toString()}>; rel="next"`;
  }
}
