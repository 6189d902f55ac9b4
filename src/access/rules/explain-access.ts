import { nodesUpFrom, type Queries } from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Account } from "../accounts/account.ts";
import { findAccountById } from "../accounts/find-account.ts";
import { askerOf } from "../caller.ts";
import { principalOf } from "../principal.ts";
import type { AccessRequest, Asker, GrantRule, Visibility } from "./access-rules.ts";
import { isPermitted, type Viewer } from "./authority.ts";
import { decideAccess, maySee, type Permission, visibilityOf } from "./decide-access.ts";
import { maySeeGrant } from "./manage-grants.ts";
import type { EffectiveSetting } from "./namespace-tree.ts";
import type { Role } from "./roles.ts";
import { getSubject, type SubjectName, SubjectNames } from "./subject-name.ts";

export interface AccessQuestion extends AccessRequest {
  /** Who would do it; `anonymous` is whoever is not signed in. */
  readonly subject: SubjectName;
}

/** Why somebody may do something, or may not. */
export interface AccessExplanation {
  readonly isPermitted: boolean;
  readonly permission: ExplainedPermission | undefined;
  /** Why the account can do nothing at all, whatever the rules say. */
  readonly obstacle: "disabled" | "expired" | "password-change-needed" | undefined;
  /** Whom the rules may be about, so that they are about who was asked for: those that the viewer may know of. */
  readonly subjects: readonly SubjectName[];
  readonly visibility: EffectiveSetting<Visibility> | undefined;
  /** The node of the repository and all above it that say something of who was asked for. */
  readonly chain: readonly ExplainedNode[];
  /** Those of who was asked for, as far as they are about the repository or the viewer sees them. */
  readonly grants: readonly ExplainedGrant[];
}

export type ExplainedPermission =
  | { readonly by: "system-role"; readonly role: string }
  | { readonly by: "role"; readonly role: Role; readonly subject: SubjectName; readonly node: string }
  | { readonly by: "grant"; readonly grant: number; readonly subject: SubjectName; readonly pathPattern: string }
  | { readonly by: "visibility"; readonly visibility: Visibility; readonly node: string };

export interface ExplainedNode {
  readonly node: string;
  readonly visibility: Visibility | undefined;
  readonly roles: readonly { readonly subject: SubjectName; readonly role: Role }[];
}

export interface ExplainedGrant {
  readonly id: number;
  readonly subject: SubjectName;
  readonly pathPattern: string;
  readonly actions: readonly string[];
  readonly verdict: "permits" | "expired" | "other-path" | "other-action" | "other-tag";
}

/**
 * Says why, to who reads the settings of the repository's node; to others about themselves, as far as they see it.
 * @throws RegistryError `not-found`, `denied`, `bad-request`
 */
export async function explainAccess(
  queries: Queries,
  viewer: Viewer,
  { subject, ...request }: AccessQuestion,
): Promise<AccessExplanation> {
  const mayReadAll = isPermitted(viewer, { path: request.path, action: "settings:read" });
  const named = mayReadAll ? await findAsker(queries, subject) : await findSelf(queries, viewer, subject);
  const { rules, nowMs } = viewer;
  const permission = decideAccess(rules, named.asker, request, nowMs);
  const names = new SubjectNames(queries);
  const isSeen = mayReadAll || maySee(rules, viewer.asker, request.path, nowMs);
  const { visibility, node } = visibilityOf(rules, request.path);
  const obstacle = named.account && obstacleOf(named.account, nowMs);
  const chain = await explainChain({ viewer, asker: named.asker, path: request.path, isSeen }, names);
  const grants = await explainGrants({ viewer, asker: named.asker, request }, names);
  const told = [
    subject,
    ...chain.flatMap(({ roles }) => roles.map((role) => role.subject)),
    ...grants.map((grant) => grant.subject),
  ];
  return {
    isPermitted: permission !== undefined && obstacle === undefined,
    permission: permission && (await explainPermission(permission, names)),
    obstacle,
    subjects: await namesToTell({ viewer, asker: named.asker, told }, names),
    visibility: isSeen ? { value: visibility, origin: node } : undefined,
    chain,
    grants,
  };
}

interface Telling {
  readonly viewer: Viewer;
  readonly asker: Asker;
  /** Who is named in the explanation anyway. */
  readonly told: readonly SubjectName[];
}

/** What groups somebody is in that say nothing of the repository is told to who may read that of everybody, or is in them, too. */
async function namesToTell({ viewer, asker, told }: Telling, names: SubjectNames): Promise<readonly SubjectName[]> {
  const { systemRole, subjects } = viewer.asker;
  const shown: SubjectName[] = [];
  for (const one of asker.subjects) {
    const name = await names.of(one);
    if (systemRole !== undefined || subjects.includes(one) || told.includes(name)) shown.push(name);
  }
  return shown;
}

interface NamedAsker {
  readonly asker: Asker;
  readonly account?: Account | undefined;
}

async function findAsker(queries: Queries, subject: SubjectName): Promise<NamedAsker> {
  if (subject === "anonymous") return { asker: { subjects: [] } };
  const id = await getSubject(queries, subject);
  if (!id.startsWith("account:")) return { asker: { subjects: [id] } };
  const account = await findAccountById(queries, Number(id.slice("account:".length)));
  if (!account) throw new RegistryError("not-found", `there is no ${shorten(subject)}`);
  return { asker: askerOf(principalOf(account)), account };
}

/** Who others are and what they may do is told to nobody else, nor whether there is anybody of that name. */
async function findSelf(queries: Queries, { asker }: Viewer, subject: SubjectName): Promise<NamedAsker> {
  const own = asker.subjects.find((one) => one.startsWith("account:"));
  const ownName = own === undefined ? "anonymous" : await new SubjectNames(queries).of(own);
  if (subject === ownName) return findAsker(queries, subject);
  throw new RegistryError("denied", `what ${shorten(subject)} may do is told to who reads the settings there`);
}

function obstacleOf(account: Account, nowMs: number): AccessExplanation["obstacle"] {
  if (account.isDisabled) return "disabled";
  if (account.expiresAtMs !== undefined && nowMs >= account.expiresAtMs) return "expired";
  return account.mustChangePassword ? "password-change-needed" : undefined;
}

async function explainPermission(permission: Permission, names: SubjectNames): Promise<ExplainedPermission> {
  if (permission.by === "role") return { ...permission, subject: await names.of(permission.subject) };
  if (permission.by !== "grant") return permission;
  const { id, subject, pathPattern } = permission.grant;
  return { by: "grant", grant: id, subject: await names.of(subject), pathPattern };
}

interface ChainQuestion {
  readonly viewer: Viewer;
  readonly asker: Asker;
  readonly path: string;
  readonly isSeen: boolean;
}

async function explainChain(
  { viewer, asker, path, isSeen }: ChainQuestion,
  names: SubjectNames,
): Promise<readonly ExplainedNode[]> {
  const chain: ExplainedNode[] = [];
  for (const node of nodesUpFrom(path)) {
    const said = viewer.rules.nodes.get(node);
    if (!said) continue;
    const roles: { subject: SubjectName; role: Role }[] = [];
    for (const subject of asker.subjects) {
      const role = said.roles.get(subject);
      if (role !== undefined) roles.push({ subject: await names.of(subject), role });
    }
    const visibility = isSeen ? said.visibility : undefined;
    if (visibility !== undefined || roles.length > 0) chain.push({ node, visibility, roles });
  }
  return chain;
}

interface GrantQuestion {
  readonly viewer: Viewer;
  readonly asker: Asker;
  readonly request: AccessRequest;
}

async function explainGrants(
  { viewer, asker, request }: GrantQuestion,
  names: SubjectNames,
): Promise<readonly ExplainedGrant[]> {
  const own = asker.subjects.flatMap((subject) => viewer.rules.grants.get(subject) ?? []);
  const shown = own.filter(
    (grant) =>
      grant.mayBePath(request.path) || viewer.asker.subjects.includes(grant.subject) || maySeeGrant(viewer, grant),
  );
  return Promise.all(
    shown.map(async (grant) => ({
      id: grant.id,
      subject: await names.of(grant.subject),
      pathPattern: grant.pathPattern,
      actions: [...grant.actions],
      verdict: judge(grant, request, viewer.nowMs),
    })),
  );
}

function judge(grant: GrantRule, { path, action, tag }: AccessRequest, nowMs: number): ExplainedGrant["verdict"] {
  if (grant.expiresAtMs !== undefined && nowMs >= grant.expiresAtMs) return "expired";
  if (!grant.mayBePath(path)) return "other-path";
  if (!grant.actions.has(action)) return "other-action";
  return !grant.mayBeTag || (tag !== undefined && grant.mayBeTag(tag)) ? "permits" : "other-tag";
}
