/**
 * Who is asking and what they may do. It knows credentials and principals, nothing of HTTP beyond the text of one header.
 */
export { AccessDirectory } from "./access-directory.ts";
export type { AccessLimit } from "./access/access-limit.ts";
export {
  type AccessRequest,
  type AccessRules,
  type Asker,
  VISIBILITIES,
  type Visibility,
} from "./access/access-rules.ts";
export type { Ruler, Viewer } from "./access/authority.ts";
export { type AccessExplanation, type AccessQuestion, explainAccess } from "./access/explain-access.ts";
export { listMembers, type Member } from "./access/list-members.ts";
export { createGrant, grantNotFound, maySeeGrant, type NewGrant, removeGrant } from "./access/manage-grants.ts";
export { type MemberRole, putMember, removeMember } from "./access/manage-members.ts";
export { deleteNamespace, setVisibility } from "./access/manage-namespaces.ts";
export {
  type ChildList,
  type ChildrenPage,
  type EffectiveSetting,
  getNode,
  listChildren,
  type NamespaceNode,
} from "./access/namespace-tree.ts";
export { parseNodePath, ROOT } from "./access/node-path.ts";
export { readRules } from "./access/read-rules.ts";
export { requireAuthorityOver } from "./access/robot-authority.ts";
export {
  type Action,
  ACTIONS,
  GRANTABLE_ACTIONS,
  type Role,
  ROLES,
  SYSTEM_ROLES,
  type SystemRole,
} from "./access/roles.ts";
export type { RuleBook } from "./access/rule-book.ts";
export { getSubject, type SubjectName, SubjectNames } from "./access/subject-name.ts";
export { WORKLOAD_USER_NAME } from "./accounts/account-names.ts";
export type { Account } from "./accounts/account.ts";
export {
  type AccountOptions,
  type Accounts,
  type AccountsParts,
  createAccounts,
  DEFAULT_ACCOUNT_OPTIONS,
} from "./accounts/accounts.ts";
export { ensureExternalAccount, type Voucher } from "./accounts/external-accounts.ts";
export { findAccount, findAccountById, isUsable } from "./accounts/find-account.ts";
export { createFirstAdministrator, type FirstAdministrator } from "./accounts/first-administrator.ts";
export {
  addGroupMapping,
  addGroupMember,
  deleteGroupMapping,
  deleteGroupMember,
  type GroupMapping,
  type GroupMember,
  listGroupMappings,
  listGroupMembers,
  type Membership,
} from "./accounts/group-members.ts";
export {
  createGroup,
  deleteGroup,
  findGroup,
  getGroup,
  type Group,
  type GroupChanges,
  listGroups,
  listGroupsOf,
  type NewTeam,
  updateGroup,
} from "./accounts/groups.ts";
export {
  addRobotTrust,
  deleteRobotTrust,
  listRobotTrusts,
  type NewRobotTrust,
  type RobotTrust,
} from "./accounts/robot-trusts.ts";
export {
  createRobot,
  deleteRobot,
  findRobot,
  getRobot,
  listRobots,
  type NewRobot,
  type Robot,
  type RobotChanges,
  type RobotPage,
  updateRobot,
} from "./accounts/robots.ts";
export {
  type CreatedSecret,
  createPersonalToken,
  createRobotSecret,
  listPersonalTokens,
  listRobotSecrets,
  type NewPersonalToken,
  type NewRobotSecret,
  revokePersonalToken,
  revokeRobotSecret,
  type Secret,
} from "./accounts/secrets.ts";
export { changePassword, type NewPassword, type PasswordChange, resetPassword } from "./accounts/user-passwords.ts";
export {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  findUser,
  getUser,
  listUsers,
  type NewUser,
  updateUser,
  type User,
  type UserChanges,
} from "./accounts/users.ts";
export type { Authenticator, Challenge, RequestOrigin } from "./authenticator.ts";
export { basicChallenge, type BasicCredentials, parseBasicCredentials } from "./basic-credentials.ts";
export { askerOf, type Caller, EVERYBODY } from "./caller.ts";
export type { CertificateSignIn } from "./client-certificates/certificate-sign-in.ts";
export type { CertificateHeaderOptions, ClientCertificateOptions } from "./client-certificates/options.ts";
export { ExternalTokenAuthenticator } from "./external-token-authenticator.ts";
export { grantByRules } from "./grant-by-rules.ts";
export { createHtpasswdIfMissing, HtpasswdError } from "./htpasswd/create-htpasswd.ts";
export { findHtpasswdProblems } from "./htpasswd/htpasswd-file.ts";
export { HtpasswdSource } from "./htpasswd/htpasswd-source.ts";
export { findHtpasswdRules, type HtpasswdRules, seedHtpasswdRules } from "./htpasswd/seed-htpasswd-rules.ts";
export { normalizeGroupName } from "./ldap/group-names.ts";
export type { LdapSourceNeeds } from "./ldap/ldap-source.ts";
export type { LdapOptions } from "./ldap/options.ts";
export { loadOptionalCode } from "./load-optional-code.ts";
export type { WorkloadTokensParts } from "./oidc/create-workload-tokens.ts";
export type {
  BegunSignIn,
  FinishedSignIn,
  OidcProviders,
  OidcProvidersParts,
  SignInBeginning,
} from "./oidc/oidc-providers.ts";
export type { OidcProviderOptions, WorkloadIssuerOptions, WorkloadOptions } from "./oidc/options.ts";
export { openToAll } from "./open-to-all.ts";
export type { HashCost } from "./passwords/password-hashes.ts";
export { ANONYMOUS, nameOf, type Principal } from "./principal.ts";
export { principalOf, RuledAuthenticator, type RuledAuthenticatorParts } from "./ruled-authenticator.ts";
export type { BrowserCookies } from "./sessions/cookies.ts";
export type { SessionOptions } from "./sessions/options.ts";
export { type PageRequest, refuseOtherSites, requireOwnPage } from "./sessions/require-own-page.ts";
export {
  type NewWebSession,
  type StartedSession,
  type WebSession,
  WebSessions,
  type WebSessionsParts,
} from "./sessions/web-sessions.ts";
export {
  createSignIn,
  DEFAULT_SIGN_IN_OPTIONS,
  type SignInOptions,
  type SignInParts,
} from "./sign-in/create-sign-in.ts";
export type { ExternalIdentity, PasswordSource } from "./sign-in/password-source.ts";
export type { Identity, SignIn } from "./sign-in/sign-in.ts";
export type { WorkloadTokens } from "./sign-in/workload-tokens.ts";
export {
  type BearerChallenge,
  bearerChallenge,
  type BearerVerifier,
  DEFAULT_TOKEN_LIFETIME_MS,
  type ExpirableToken,
  EXTERNAL_ALGORITHMS,
  type ExternalAlgorithm,
  type ExternalTokenOptions,
  type ExternalTokenVerifier,
  type FetchKeySet,
  formatScope,
  type GrantAccess,
  type IssuedToken,
  MAX_TOKEN_LIFETIME_MS,
  MIN_TOKEN_LIFETIME_MS,
  openSealSecret,
  parseScopes,
  type PublicJwk,
  realmOf,
  type ReportFault,
  Seal,
  SealSecretError,
  type SealSecretParts,
  type SigningKeys,
  type SigningKeysParts,
  type TokenAccess,
  type TokenAlgorithm,
  type TokenIssuer,
  type TokenIssuerParts,
  type TokenOptions,
  type TokenRequest,
  type TokenVerifier,
  type TokenVerifierParts,
  type TrustedKeysParts,
  type VerifiedToken,
} from "./tokens/index.ts";
