import { z } from "zod";
import { makeChange } from "../../access/index.ts";
import { notingRefusals } from "../../registry/index.ts";
import { type Answer, type AnswerHeaders, emptyAnswer, jsonAnswer } from "../answer.ts";
import { pathOf, queryOf, targetOf } from "../request-target.ts";
import { type ApiCaller, NOBODY } from "./api-caller.ts";
import type { ApiParts, ApiVisitor } from "./api-parts.ts";
import { createFindRoute, type FindRoute } from "./find-route.ts";
import { IdempotentRequest } from "./idempotency.ts";
import { requirePermission } from "./permission.ts";
import { entityTag, requireMatch } from "./preconditions.ts";
import { decodeParams, parseJson, parsePart, queryObject, readJsonBytes } from "./read-request.ts";
import type { AnyCall, ApiResult, ApiRoute, ChangingRoute } from "./route.ts";
import { ROUTES } from "./routes.ts";

/** Answers a request to the management API. @throws RegistryError, to be told as a problem */
export type Api = (visitor: ApiVisitor) => Promise<Answer>;

export function createApi(parts: ApiParts): Api {
  const findRoute = createFindRoute(ROUTES);
  return (visitor) => new ApiRequest(parts, visitor).answer(findRoute);
}

const EMPTY = new Uint8Array();
const NO_QUERY = z.strictObject({});

/** One request to the API on its way to its answer. */
class ApiRequest {
  readonly #parts: ApiParts;
  readonly #request: Request;
  readonly #visitor: ApiVisitor;
  /** Path and query, as sent. */
  readonly #target: string;

  constructor(parts: ApiParts, visitor: ApiVisitor) {
    this.#parts = parts;
    this.#request = visitor.request;
    this.#visitor = visitor;
    this.#target = targetOf(visitor.request.url);
  }

  async answer(findRoute: FindRoute): Promise<Answer> {
    const { method } = this.#request;
    const path = pathOf(this.#target);
    const { route, params } = findRoute(method, path.slice(this.#parts.base.length));
    return this.#serve(route, decodeParams(params));
  }

  async #serve(route: ApiRoute, sentParams: Readonly<Record<string, string>>): Promise<Answer> {
    const caller = await this.#caller(route);
    const params = route.params ? parsePart(route.params, sentParams, "path") : {};
    requirePermission(caller, { permission: route.permission, params, isSafe: route.method === "GET" });
    const query = this.#query(route);
    const bytes = route.body ? await readJsonBytes(this.#request, route.maxBodyBytes) : EMPTY;
    const body = route.body && parsePart(route.body, parseJson(bytes), "body");
    const parts = this.#parts;
    const viewer = async () => ({ rules: await parts.rules(), asker: caller.asker, nowMs: parts.clock.nowMs() });
    const call = { parts, caller, params, query, body, queries: parts.metadata.reads, viewer };
    if (route.method === "GET") return this.#shape(route, await route.handle(call));
    const repeated = this.#idempotent(route, caller, bytes);
    return notingRefusals(parts.quotaRefusals, () => this.#change(route, call, repeated));
  }

  async #caller({ permission }: ApiRoute): Promise<ApiCaller> {
    return permission === "open" ? NOBODY : this.#parts.authenticate(this.#visitor);
  }

  #query(route: ApiRoute): Record<string, unknown> {
    return parsePart(route.query ?? NO_QUERY, queryObject(queryOf(this.#target)), "query");
  }

  #idempotent(route: ApiRoute, caller: ApiCaller, body: Uint8Array): IdempotentRequest | undefined {
    const key = this.#request.headers.get("idempotency-key");
    if (key === null || route.method !== "POST") return undefined;
    const sender = JSON.stringify([caller.account?.id, caller.by.actor]);
    return new IdempotentRequest({ key, sender, asked: [route.method, this.#target, body] });
  }

  /** All that must hold at the moment of the change is looked at in its transaction, and so is what is shown of it. */
  async #change(route: ChangingRoute, call: AnyCall, repeated: IdempotentRequest | undefined): Promise<Answer> {
    const prepared = await route.prepare?.(call);
    const { account, asker, by: from } = call.caller;
    return makeChange(this.#parts, { account, asker, from }, async (change) => {
      const { permission } = route;
      requirePermission({ ...call.caller, asker: change.asker }, { permission, params: call.params, isSafe: false });
      const known = await repeated?.findAnswer(change);
      if (known) return known;
      const inside = { ...call, queries: change.queries, viewer: () => change.viewer(), change, prepared };
      const wanted = this.#request.headers.get("if-match");
      const { current } = route;
      if (wanted !== null && current) await requireMatch(wanted, () => current(inside));
      const answer = this.#shape(route, await route.handle(inside));
      await repeated?.keepAnswer(change, route.showsSecret ? undefined : answer);
      return answer;
    });
  }

  #shape(route: ApiRoute, result: ApiResult<unknown> | Answer): Answer {
    if ("status" in result) return result;
    const { body, location, next } = result;
    const headers: AnswerHeaders = { "Cache-Control": "no-store" };
    if (route.current && body !== undefined) headers.ETag = entityTag(body);
    if (location !== undefined) headers.Location = `${this.#parts.base}${location}`;
    if (next !== undefined) headers.Link = this.#nextLink(next);
    if (body === undefined) return emptyAnswer(204, headers);
    return jsonAnswer(body, headers, location === undefined ? 200 : 201);
  }

  #nextLink(after: string): string {
    const query = new URLSearchParams(queryOf(this.#target));
    query.set("after", after);
    return `<${pathOf(this.#target)}?${query.toString()}>; rel="next"`;
  }
}
