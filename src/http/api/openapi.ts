import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import { z } from "zod";
import { describePermission } from "./permission.ts";
import type { ApiRoute } from "./route.ts";

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().describe("The request's id, which the registry's log has too."),
    errors: z.array(z.looseObject({ field: z.string().optional(), problem: z.string().optional() })).optional(),
  })
  .meta({ id: "Problem", description: "What went wrong (RFC 9457)." });

/** The description of the API, made of its routes. */
export function describeApi(routes: readonly ApiRoute[], version: string): object {
  const app = new OpenAPIHono();
  const { openAPIRegistry: registry } = app;
  registry.registerComponent("securitySchemes", "basic", {
    type: "http",
    scheme: "basic",
    description: "User name and password, a personal token in its place, or a robot's name and secret.",
  });
  for (const route of routes) registry.registerPath(describeRoute(route));
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Berth management API",
      version,
      description:
        "Users, groups, robots, the namespace tree, tags, the bin, jobs and the audit trail of a Berth registry.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/api/v1" }],
    security: [{ basic: [] }],
  });
}

function describeRoute(route: ApiRoute): RouteConfig {
  const { method, path, tag, summary, params, query, body, permission } = route;
  const headers = headersOf(route);
  const description = [route.description, `**For:** ${describePermission(permission)}`].filter(Boolean).join("\n\n");
  return {
    method: method.toLowerCase() as RouteConfig["method"],
    path,
    tags: [tag],
    summary,
    description,
    operationId: operationIdOf(method, path),
    ...(permission === "open" && { security: [] }),
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(body && { body: { required: true, content: { "application/json": { schema: body } } } }),
      ...(headers && { headers }),
    },
    responses: { ...successOf(route), default: { description: "Not done.", content: PROBLEM_CONTENT } },
  };
}

const PROBLEM_CONTENT = { "application/problem+json": { schema: problem } };

const IF_MATCH = z
  .string()
  .optional()
  .describe("The `ETag` of what the client saw: the change is not made if it is another by now (412).");
const IDEMPOTENCY_KEY = z
  .string()
  .optional()
  .describe("A new UUID for each request: sent again within 24 hours, it is not carried out twice.");

function headersOf({ method, current }: ApiRoute): z.ZodObject | undefined {
  if (method === "POST") return z.object({ "Idempotency-Key": IDEMPOTENCY_KEY });
  return current && method !== "GET" ? z.object({ "If-Match": IF_MATCH }) : undefined;
}

function successOf({
  method,
  response,
  makesNothing,
  mediaType = "application/json",
}: ApiRoute): RouteConfig["responses"] {
  if (!response) return { 204: { description: "Done." } };
  const content = { [mediaType]: { schema: response } };
  return method === "POST" && !makesNothing
    ? { 201: { description: "Made.", content } }
    : { 200: { description: "As it is.", content } };
}

/** `PUT /namespaces/{path}/members/{subject}` is `putNamespacesMembers`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[/._-]/).filter((part) => part !== "" && !part.startsWith("{"));
  const isList = method === "GET" && !path.endsWith("}");
  const verb = method === "GET" ? (isList ? "list" : "get") : method.toLowerCase();
  return verb + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
