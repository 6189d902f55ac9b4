import type { z } from "zod";
import type { MetadataDatabase, Queries } from "../../metadata/index.ts";
import type { Answer } from "../answer.ts";
import type { ApiCaller } from "./api-caller.ts";
import type { ApiParts } from "./api-parts.ts";
import type { RoutePermission } from "./permission.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request, read and permitted. */
export interface ApiCall<Params, Query, Body> {
  readonly parts: ApiParts;
  /** As that of the parts; a change by way of it is made once and only if what the client saw still holds. */
  readonly metadata: MetadataDatabase;
  readonly caller: ApiCaller;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
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
export interface Route<P extends ParamsSchema, Q extends QuerySchema, B extends z.ZodType, R extends z.ZodType> {
  readonly method: Method;
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
  /** Absent: 204 without a body. */
  readonly response?: R;
  /** Of the response; absent: `application/json`. For lines the schema is that of one. */
  readonly mediaType?: string;
  /** What it shows is shown once, so it is not kept for a repeated request. */
  readonly showsSecret?: true;
  /** What `ETag` is made of: another text after every change of what GET shows. */
  readonly version?: (queries: Queries, params: z.output<P>) => Promise<string | undefined>;
  readonly handle: (
    call: ApiCall<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<ApiResult<R extends z.ZodVoid ? undefined : z.input<R>> | Answer>;
}

/** A route whose schemas are known to itself alone. */
export type ApiRoute = Route<ParamsSchema, QuerySchema, z.ZodType, z.ZodType>;

export type NoParams = z.ZodObject<Record<string, never>>;

/** Holds a handler to the schemas of its route. */
export function defineRoute<
  P extends ParamsSchema = NoParams,
  Q extends QuerySchema = NoParams,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodVoid,
>(route: Route<P, Q, B, R>): ApiRoute {
  return route;
}
