/**
 * The management API: its routes as one table with who may use each, its schemas and their description. It reads requests and
 * shapes answers; what may be changed by whom is known in `auth/`.
 */
export type { ApiCaller } from "./api-caller.ts";
export type { ApiParts, ServiceFacts, SignInWay } from "./api-parts.ts";
export type { Api, ApiPlace } from "./create-api.ts";
export { createLazyApi } from "./lazy-api.ts";
export { problemAnswer, type ProblemContext } from "./problem.ts";
