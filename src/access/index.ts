/**
 * Who there is and what they may do: accounts, groups, robots and their secrets, the tree of rules, and the decision. It takes nobody's
 * word for who asks: that is found out in `auth/`.
 */
export { AccessDirectory, AccessView } from "./access-directory.ts";
export { isExternalName, isRobotName, WORKLOAD_USER_NAME } from "./accounts/account-names.ts";
export type { Account } from "./accounts/account.ts";
export { type Accounts, type AccountsParts, createAccounts } from "./accounts/accounts.ts";
export { createUser, deleteUser, disableUser, enableUser, updateUser } from "./accounts/change-users.ts";
export { escapeDnValue } from "./accounts/escape-dn-value.ts";
export { ensureExternalAccount } from "./accounts/external-accounts.ts";
export type { ExternalIdentity } from "./accounts/external-identity.ts";
export { findAccount, findAccountById, isUnchanged, isUsable, toAccount } from "./accounts/find-account.ts";
export { createFirstAdministrator } from "./accounts/first-administrator.ts";
export {
  addGroupMapping,
  addGroupMember,
  deleteGroupMapping,
  deleteGroupMember,
  type GroupMapping,
  listGroupMappings,
  listGroupMembers,
} from "./accounts/group-members.ts";
export { groupNamesOf, normalizeDn } from "./accounts/group-names.ts";
export {
  createGroup,
  deleteGroup,
  getGroup,
  type Group,
  listGroups,
  listGroupsOf,
  updateGroup,
} from "./accounts/groups.ts";
export { accountKey, type Attempter } from "./accounts/lock-out.ts";
export {
  addRobotTrust,
  deleteRobotTrust,
  listRobotTrusts,
  type NewRobotTrust,
  type RobotTrust,
} from "./accounts/robot-trusts.ts";
export { createRobot, deleteRobot, getRobot, listRobots, type Robot, updateRobot } from "./accounts/robots.ts";
export { createSecretText, isWholeSecret, secretKindOf } from "./accounts/secret-text.ts";
export {
  type CreatedSecret,
  createPersonalToken,
  createRobotSecret,
  listPersonalTokens,
  listRobotSecrets,
  type NewPersonalToken,
  revokePersonalToken,
  revokeRobotSecret,
  type Secret,
} from "./accounts/secrets.ts";
export { changePassword, hashNewPassword, proveOldPassword, resetPassword } from "./accounts/user-passwords.ts";
export { findUser, getUser, listUsers, type User } from "./accounts/user.ts";
export {
  askerOf,
  type Caller,
  EVERYBODY,
  isWithin,
  type PreparedLimit,
  prepareLimit,
  type Refusal,
  type TokenLimits,
} from "./caller.ts";
export { type Change, type Deed, makeChange } from "./change.ts";
export { hashOfSecret } from "./hash-of-secret.ts";
export { BoundedTurns } from "./passwords/bounded-turns.ts";
export { VerifiedPasswords } from "./passwords/verified-passwords.ts";
export { ANONYMOUS, type Principal, principalOf } from "./principal.ts";
export type { AccessLimit } from "./rules/access-limit.ts";
export {
  type AccessRequest,
  type AccessRules,
  type Asker,
  type Subject,
  VISIBILITIES,
  type Visibility,
} from "./rules/access-rules.ts";
export { isPermitted, requireMay, type Viewer } from "./rules/authority.ts";
export { requireMayLeave, requireMayLetGo } from "./rules/setting-authority.ts";
export { visibilityOf } from "./rules/decide-access.ts";
export { explainAccess } from "./rules/explain-access.ts";
export { listMembers } from "./rules/list-members.ts";
export { createGrant, grantNotFound, maySeeGrant, removeGrant } from "./rules/manage-grants.ts";
export { putMember, removeMember } from "./rules/manage-members.ts";
export { deleteNamespace, setVisibility } from "./rules/manage-namespaces.ts";
export { putSetting, removeSetting } from "./rules/manage-settings.ts";
export { getNode, listChildren, type NamespaceNode } from "./rules/namespace-tree.ts";
export { ROOT } from "./rules/node-path.ts";
export { readRules } from "./rules/read-rules.ts";
export {
  type Action,
  ACTIONS,
  GRANTABLE_ACTIONS,
  type Role,
  ROLES,
  SYSTEM_ROLES,
  type SystemRole,
} from "./rules/roles.ts";
export { getSubject, SubjectNames } from "./rules/subject-name.ts";
