/** Which keys there are: the one schema, and the walk over it. What a value may be is in `values/`. */
export { syslogFacilities } from "./audit-keys.ts";
export { factsOf, shapeOf, type KeyFacts, type KeyShape, type KeyStatus } from "./key.ts";
export type { LogLevel } from "./log-keys.ts";
export { schema, type Settings } from "./schema.ts";
export type { AcmeChallenge, ClientAuthMode } from "./tls-keys.ts";
