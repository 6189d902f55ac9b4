import type { Generated } from "kysely";

/** The tables of who may do what. Times are milliseconds since the Unix epoch; flags are 0 or 1. */
export interface AccessSchema {
  counters: CountersTable;
  accounts: AccountsTable;
  groups: GroupsTable;
  group_members: GroupMembersTable;
  group_mappings: GroupMappingsTable;
  secrets: SecretsTable;
  robot_trusts: RobotTrustsTable;
  namespaces: NamespacesTable;
  roles: RolesTable;
  grants: GrantsTable;
  sign_in_failures: SignInFailuresTable;
  token_keys: TokenKeysTable;
  web_sessions: WebSessionsTable;
  used_tokens: UsedTokensTable;
  idempotency_keys: IdempotencyKeysTable;
  audit: AuditTable;
  audit_anchors: AuditAnchorsTable;
}

/** `access`/`generation` is another number after each change of who may do what. */
interface CountersTable {
  room: string;
  name: string;
  value: number;
}

/** Who can sign in. Ids are never given out twice, as roles and grants name accounts by them. */
interface AccountsTable {
  id: Generated<number>;
  /** A robot's is `<node>+<name>`. */
  name: string;
  kind: "user" | "robot";
  /** Who knows the password: `local`, `htpasswd`, `ldap:<server>`, `oidc:<provider>`; a robot's is `local`. */
  source: string;
  /** What a directory or a provider calls the account, and never calls another. */
  external_id: string | null;
  display_name: string | null;
  email: string | null;
  /** argon2id; of local users only. */
  password_hash: string | null;
  must_change_password: Generated<0 | 1>;
  system_role: "administrator" | "auditor" | null;
  /** The node that a robot belongs to. */
  owner_path: string | null;
  is_disabled: Generated<0 | 1>;
  /** Tokens that were issued at a lower one hold no longer. */
  generation: Generated<number>;
  created_at_ms: number;
  updated_at_ms: number;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
}

interface GroupsTable {
  id: Generated<number>;
  name: string;
  description: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

/** `source` is who says so: `local`, or the directory or provider at the last sign-in. */
interface GroupMembersTable {
  group_id: number;
  account_id: number;
  source: string;
}

/** Whoever has `external_name` in a directory or at a provider is in the group. */
interface GroupMappingsTable {
  group_id: number;
  source: string;
  external_name: string;
}

/** Passwords that the registry made: only the SHA-256 of each is kept, in hexadecimal. */
interface SecretsTable {
  id: Generated<number>;
  account_id: number;
  kind: "robot" | "personal" | "refresh";
  name: string;
  hash: string;
  /** What it may be used for, as JSON; `null`: for all that the account may do. */
  limits: string | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
}

/** Whose ID tokens make a robot of a job: those of the issuer with all of these claims. */
interface RobotTrustsTable {
  id: Generated<number>;
  account_id: number;
  issuer: string;
  audience: string;
  /** Pattern by claim, as JSON. */
  claims: string;
  created_at_ms: number;
}

/** Nodes of the tree that say something themselves; the root is `""`. */
interface NamespacesTable {
  path: string;
  visibility: "public" | "internal" | "private" | null;
  created_at_ms: number;
  updated_at_ms: number;
}

/** `subject` is `account:<id>`, `group:<id>`, `source:<name>` or `signed-in`. */
interface RolesTable {
  path: string;
  subject: string;
  role: "reader" | "writer" | "maintainer" | "owner";
  created_at_ms: number;
}

interface GrantsTable {
  id: Generated<number>;
  subject: string;
  path_pattern: string;
  tag_pattern: string | null;
  /** With commas between them. */
  actions: string;
  created_at_ms: number;
  expires_at_ms: number | null;
}

/** `key` is `account:<name>` or `address:<address>`. */
interface SignInFailuresTable {
  key: string;
  failures: number;
  failed_at_ms: number;
  blocked_until_ms: number;
}

/** Keys that tokens are signed with. The private half is sealed with a key that is not in the database. */
interface TokenKeysTable {
  id: string;
  algorithm: string;
  public_jwk: string;
  sealed_private_jwk: string;
  created_at_ms: number;
  signs_until_ms: number;
  verifies_until_ms: number;
}

/** Browsers that are signed in, by the SHA-256 of their cookie. */
interface WebSessionsTable {
  hash: string;
  account_id: number;
  source: string;
  provider_session_id: string | null;
  csrf_token: string;
  created_at_ms: number;
  seen_at_ms: number;
  expires_at_ms: number;
}

/** Tokens of others that count once only, by a SHA-256 of what makes each the only one, until they would not be taken any more. */
interface UsedTokensTable {
  hash: string;
  expires_at_ms: number;
}

/** Requests to the management API that must not be carried out twice, by the SHA-256 of who sent them and their key. */
interface IdempotencyKeysTable {
  hash: string;
  request_hash: string;
  answer: string | null;
  expires_at_ms: number;
}

/** Each row's hash covers the row and the hash before it. */
interface AuditTable {
  sequence: Generated<number>;
  at_ms: number;
  act: string;
  outcome: "success" | "failure";
  actor: string | null;
  address: string | null;
  target: string | null;
  request_id: string | null;
  /** JSON. */
  detail: string | null;
  hash: string;
}

/** The last row that was removed for its age, which the chain goes on from. */
interface AuditAnchorsTable {
  id: 1;
  sequence: number;
  hash: string;
  at_ms: number;
}
