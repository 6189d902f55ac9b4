import { type Kysely, type Migration, sql } from "kysely";

/** Who may do what: accounts, groups, secrets, the namespace tree with its roles and grants, token keys, sessions, the audit trail. */
export const access: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table counters (
    room text not null,
    name text not null,
    value integer not null,
    primary key (room, name)
  ) without rowid`,
  `insert into counters (room, name, value) values ('access', 'generation', 1)`,
  `create table accounts (
    id integer primary key autoincrement,
    name text not null unique,
    kind text not null check (kind in ('user', 'robot')),
    source text not null,
    external_id text,
    display_name text,
    email text,
    password_hash text,
    must_change_password integer not null default 0,
    system_role text check (system_role in ('administrator', 'auditor')),
    owner_path text,
    is_disabled integer not null default 0,
    generation integer not null default 1,
    created_at_ms integer not null,
    updated_at_ms integer not null,
    expires_at_ms integer,
    last_used_at_ms integer
  )`,
  `create unique index accounts_by_external on accounts (source, external_id) where external_id is not null`,
  `create index accounts_by_owner on accounts (owner_path) where owner_path is not null`,
  `create table groups (
    id integer primary key autoincrement,
    name text not null unique,
    description text,
    created_at_ms integer not null,
    updated_at_ms integer not null
  )`,
  `create table group_members (
    group_id integer not null references groups (id) on delete cascade,
    account_id integer not null references accounts (id) on delete cascade,
    source text not null,
    primary key (group_id, account_id, source)
  ) without rowid`,
  `create index group_members_by_account on group_members (account_id)`,
  `create table group_mappings (
    group_id integer not null references groups (id) on delete cascade,
    source text not null,
    external_name text not null,
    primary key (source, external_name, group_id)
  ) without rowid`,
  `create table secrets (
    id integer primary key autoincrement,
    account_id integer not null references accounts (id) on delete cascade,
    kind text not null check (kind in ('robot', 'personal', 'refresh')),
    name text not null,
    hash text not null unique,
    limits text,
    created_at_ms integer not null,
    expires_at_ms integer,
    last_used_at_ms integer
  )`,
  `create index secrets_by_account on secrets (account_id)`,
  `create index secrets_by_expiry on secrets (expires_at_ms) where expires_at_ms is not null`,
  `create table robot_trusts (
    id integer primary key autoincrement,
    account_id integer not null references accounts (id) on delete cascade,
    issuer text not null,
    audience text not null,
    claims text not null,
    created_at_ms integer not null
  )`,
  `create index robot_trusts_by_issuer on robot_trusts (issuer)`,
  `create index robot_trusts_by_account on robot_trusts (account_id)`,
  `create table namespaces (
    path text primary key,
    visibility text check (visibility in ('public', 'internal', 'private')),
    created_at_ms integer not null,
    updated_at_ms integer not null
  ) without rowid`,
  `create table roles (
    path text not null,
    subject text not null,
    role text not null check (role in ('reader', 'writer', 'maintainer', 'owner')),
    created_at_ms integer not null,
    primary key (path, subject)
  ) without rowid`,
  `create index roles_by_subject on roles (subject)`,
  `create table grants (
    id integer primary key autoincrement,
    subject text not null,
    path_pattern text not null,
    tag_pattern text,
    actions text not null,
    created_at_ms integer not null,
    expires_at_ms integer
  )`,
  `create index grants_by_subject on grants (subject)`,
  `create table sign_in_failures (
    key text primary key,
    failures integer not null,
    failed_at_ms integer not null,
    blocked_until_ms integer not null
  ) without rowid`,
  `create index sign_in_failures_by_time on sign_in_failures (failed_at_ms)`,
  `create table token_keys (
    id text primary key,
    algorithm text not null,
    public_jwk text not null,
    sealed_private_jwk text not null,
    created_at_ms integer not null,
    signs_until_ms integer not null,
    verifies_until_ms integer not null
  ) without rowid`,
  `create table web_sessions (
    hash text primary key,
    account_id integer not null references accounts (id) on delete cascade,
    source text not null,
    provider_session_id text,
    csrf_token text not null,
    created_at_ms integer not null,
    seen_at_ms integer not null,
    expires_at_ms integer not null
  ) without rowid`,
  `create index web_sessions_by_account on web_sessions (account_id)`,
  `create index web_sessions_by_expiry on web_sessions (expires_at_ms)`,
  `create index web_sessions_by_sight on web_sessions (seen_at_ms)`,
  `create table pending_sign_ins (
    hash text primary key,
    provider text not null,
    nonce text not null,
    code_verifier text not null,
    return_to text not null,
    expires_at_ms integer not null
  ) without rowid`,
  `create index pending_sign_ins_by_expiry on pending_sign_ins (expires_at_ms)`,
  `create table used_tokens (
    hash text primary key,
    expires_at_ms integer not null
  ) without rowid`,
  `create index used_tokens_by_expiry on used_tokens (expires_at_ms)`,
  `create table idempotency_keys (
    hash text primary key,
    request_hash text not null,
    answer text,
    expires_at_ms integer not null
  ) without rowid`,
  `create index idempotency_keys_by_expiry on idempotency_keys (expires_at_ms)`,
  `create table audit (
    sequence integer primary key autoincrement,
    at_ms integer not null,
    act text not null,
    outcome text not null check (outcome in ('success', 'failure')),
    actor text,
    address text,
    target text,
    request_id text,
    detail text,
    hash text not null
  )`,
  `create table audit_anchors (
    id integer primary key check (id = 1),
    sequence integer not null,
    hash text not null,
    at_ms integer not null
  )`,
  // Who started an upload may finish it after the token has expired.
  `alter table uploads add column started_by text`,
];
