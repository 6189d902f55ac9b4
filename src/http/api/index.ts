/**
 * The management API: its routes as one table with who may use each, its schemas and their description. It reads requests and
 * shapes answers; what may be changed by whom is known in `access/`.
 */
export type { ApiCaller } from "./api-caller.ts";
export { deletionAuthorityOf } from "./deletion-authority.ts";
export { moveByRules } from "./plan-move.ts";
export { moveTagByRules } from "./plan-tag-move.ts";
export { createApiDoor } from "./api-door.ts";
export { createApiSignIn } from "./api-sign-in.ts";
export type { SignInWay } from "./api-parts.ts";
export { problemAnswer } from "./problem.ts";
export type {
  ApiAct,
  ApiBinEmptied,
  ApiBinEntry,
  ApiBinRestored,
  ApiCluster,
  ApiClusterImages,
  ApiCreatedSecret,
  ApiDeleteRequest,
  ApiDeletionVerdict,
  ApiExplanation,
  ApiGrant,
  ApiGroup,
  ApiGroupMapping,
  ApiGroupMember,
  ApiJob,
  ApiJobKind,
  ApiMaintenance,
  ApiList,
  ApiListedTag,
  ApiKeep,
  ApiMe,
  ApiMember,
  ApiMoved,
  ApiNamespace,
  ApiProblem,
  ApiPlannedMove,
  ApiPlannedTagMove,
  ApiQuotaState,
  ApiRedirect,
  ApiRobot,
  ApiSecret,
  ApiSetting,
  ApiSimulatedExpiry,
  ApiStorageUse,
  ApiStoredSum,
  ApiTag,
  ApiTagChange,
  ApiTagVerdict,
  ApiTrust,
  ApiUsageSum,
  ApiUser,
} from "./contract.ts";
