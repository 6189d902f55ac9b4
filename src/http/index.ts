/**
 * The edge: from a socket to an answer. Routes, the registry API, health, metrics and logs of requests, and the one table
 * that turns an error into a status. No rule of the registry lives here.
 */
export type { HttpOptions } from "./options.ts";
export type { Edge, Page, RequestHandler } from "./request-handler.ts";
export { createRequestHandler } from "./request-handler.ts";
export type { RequestRecord } from "./request-record.ts";
