/**
 * The edge: from a socket to an answer. Listeners and certificates, routes, the registry API, health, and what is told of
 * requests, with the one table that turns an error into a status. No rule of the registry lives here.
 */
export { type Answer, canonicalHeaderName, emptyAnswer } from "./answer.ts";
export {
  type ApiAct,
  type ApiBinEmptied,
  type ApiBinEntry,
  type ApiBinRestored,
  type ApiCaller,
  type ApiCluster,
  type ApiClusterImages,
  type ApiCreatedSecret,
  type ApiDeleteRequest,
  type ApiDeletionVerdict,
  type ApiExplanation,
  type ApiGrant,
  type ApiGroup,
  type ApiGroupMapping,
  type ApiGroupMember,
  type ApiJob,
  type ApiJobKind,
  type ApiKeep,
  type ApiList,
  type ApiListedTag,
  type ApiMaintenance,
  type ApiMe,
  type ApiMember,
  type ApiMoved,
  type ApiNamespace,
  type ApiPlannedMove,
  type ApiPlannedTagMove,
  type ApiProblem,
  type ApiQuotaState,
  type ApiRedirect,
  type ApiRobot,
  type ApiSecret,
  type ApiSetting,
  type ApiSimulatedExpiry,
  type ApiStorageUse,
  type ApiStoredSum,
  type ApiTag,
  type ApiTagChange,
  type ApiTagVerdict,
  type ApiTrust,
  type ApiUsageSum,
  type ApiUser,
  createApiDoor,
  createApiSignIn,
  deletionAuthorityOf,
  moveByRules,
  moveTagByRules,
  problemAnswer,
  type SignInWay,
} from "./api/index.ts";
export type { Door, Edge, Page } from "./edge.ts";
export {
  createDebugHandler,
  createHealth,
  createHealthChecks,
  type Health,
  respondLive,
  respondMetrics,
  respondReady,
} from "./health/index.ts";
export { claimAddress, type Listener, ListenError, startListener } from "./listener/index.ts";
export {
  type AccessLog,
  createAccessLog,
  createMetrics,
  createTracing,
  findOpenFilesFault,
  logRequest,
  measureMetadata,
  measureStorage,
  type Metrics,
  traceStorage,
  type Tracing,
} from "./observation/index.ts";
export type { HttpOptions } from "./options.ts";
export { type RateLimitOptions, RateLimits } from "./rate-limits/index.ts";
export { createRequestHandler, type RequestHandler } from "./request-handler.ts";
export { type RequestRecord, sentBodyBytes } from "./request-record.ts";
export { RunningRequests } from "./running-requests.ts";
export {
  createSiblingHandler,
  MetricsLedger,
  passOnUploads,
  type SiblingProcesses,
  watchedMetrics,
} from "./siblings/index.ts";
export { createSignInDoors, type SignInParts } from "./sign-in/index.ts";
export { openTlsSource, TlsError, type TlsSource, watchExpiry } from "./tls/index.ts";
export { createTokenDoor, respondKeySet } from "./token/index.ts";
export { type UnsentAnswer, unsentResponse } from "./unsent-response.ts";
