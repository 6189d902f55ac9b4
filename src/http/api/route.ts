import type { z } from "zod";
import type { Change, Viewer } from "../../access/index.ts";
import type { Queries } from "../../metadata/index.ts";
import type { Answer } from "../answer.ts";
import type { ApiCaller } from "./api-caller.ts";
import type { ApiParts } from "./api-parts.ts";
import type { RoutePermission } from "./permission.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request, read and permitted. */
export interface ApiCall<Params = unknown, Query = unknown, Body = unknown> {
  readonly parts: ApiParts;
  readonly caller: ApiCaller;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Of what is there now; once there is a change, of its transaction. */
  readonly queries: Queries;
  /** Who asks, under the rules as they are now. */
  readonly viewer: () => Promise<Viewer>;
}

/** One request to change something. It is made once, and only if what the client saw still holds. */
export interface ChangeCall<Params, Query, Body, Prepared> extends ApiCall<Params, Query, Body> {
  readonly change: Change;
  readonly prepared: Prepared;
}

/** What a handler answers with. */
export interface ApiResult<Response> {
  /** `undefined`: 204. */
  readonly body: Response;
  /** Of what was made, below the API's own path, such as `/users/anna`. */
  readonly location?: string | undefined;
  /** Where the next page of a list starts. */
  readonly next?: string | undefined;
}

export type ParamsSchema = z.ZodObject<Record<string, z.ZodType<unknown, string>>>;
export type QuerySchema = z.ZodObject;

/** One line of the route table. */
export interface Route<
  M extends Method,
  P extends ParamsSchema,
  Q extends QuerySchema,
  B extends z.ZodType,
  R extends z.ZodType,
  Prepared,
> {
  readonly method: M;
  /** Below `/api/v1`, with parameters in braces. */
  readonly path: `/${string}`;
  /** Of the description's parts, the one that it is in. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly permission: RoutePermission<z.output<P>>;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Of a body that may be larger than others. */
  readonly maxBodyBytes?: number;
  /** Absent: 204 without a body. */
  readonly response?: R;
  /** Of the response; absent: `application/json`. For lines the schema is that of one. */
  readonly mediaType?: string;
  /** Of POST: what it answers with was there before. */
  readonly makesNothing?: true;
  /** What it shows is shown once, so it is not kept for a repeated request. */
  readonly showsSecret?: true;
  /** What GET shows here: `ETag` is made of it, and `If-Match` held to it. @throws RegistryError `not-found` */
  readonly current?: (call: ApiCall<z.output<P>>) => Promise<unknown>;
  /** What takes long and is done before the transaction of a change, which waits for nothing. */
  readonly prepare?: (call: ApiCall<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Prepared>;
  /** Of a change: in its transaction, with all that it reads and shows. */
  readonly handle: (
    call: M extends "GET"
      ? ApiCall<z.output<P>, z.output<Q>, z.output<B>>
      : ChangeCall<z.output<P>, z.output<Q>, z.output<B>, Prepared>,
  ) => Promise<ApiResult<R extends z.ZodVoid ? undefined : z.input<R>> | Answer>;
}

type AnyRoute<M extends Method> = Route<M, ParamsSchema, QuerySchema, z.ZodType, z.ZodType, unknown>;

/** A route whose schemas are known to itself alone. */
export type ApiRoute = ReadingRoute | ChangingRoute;
export type ReadingRoute = AnyRoute<"GET">;
export type ChangingRoute = AnyRoute<Exclude<Method, "GET">>;

/** What such a route is asked. */
export type AnyCall = ApiCall<Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>>;

export type NoParams = z.ZodObject<Record<string, never>>;

/** Holds a handler to the schemas of its route. */
export function defineRoute<
  M extends Method,
  P extends ParamsSchema = NoParams,
  Q extends QuerySchema = NoParams,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodVoid,
  Prepared = undefined,
>(route: Route<M, P, Q, B, R, Prepared>): ApiRoute {
  return route as ApiRoute;
}
