import type { z } from "zod";
import {
  isPermitted,
  requireMay,
  requireMayLeave,
  type Viewer,
  VISIBILITIES,
  visibilityOf,
} from "../../access/index.ts";
import type { Queries } from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import {
  type ChangedSetting,
  findChangedSettings,
  findSettings,
  moveRepository,
  type NamePair,
  type RegistryChange,
  requireMovable,
} from "../../registry/index.ts";
import { deletionAuthorityOf } from "./deletion-authority.ts";
import { NOT_SHOWN, type plannedMove } from "./schemas/moves.ts";
import { requireMayPush } from "./require-may-push.ts";

export type PlannedMove = z.input<typeof plannedMove>;
type RuleChange = PlannedMove["changes"][number];

/** What would become of a repository that somebody moves. */
export async function planMove(queries: Queries, viewer: Viewer, pair: NamePair): Promise<PlannedMove> {
  try {
    const changes = await requirePossible(queries, viewer, pair);
    return { ...pair, changes: [...changes], problem: null };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { ...pair, changes: [], problem: error.message };
  }
}

/**
 * @returns the rules that would be others
 * @throws RegistryError `not-found`, `name-unknown`, `denied`, `conflict`
 */
export async function requirePossible(
  queries: Queries,
  viewer: Viewer,
  pair: NamePair,
): Promise<readonly RuleChange[]> {
  const { from, to } = pair;
  if (!deletionAuthorityOf(viewer).maySee(from)) throw new RegistryError("not-found", `there is no repository ${from}`);
  requireMay(viewer, "delete", from);
  requireMayPush(viewer, to);
  await requireMovable(queries, pair);
  await requireMayLeave(queries, viewer, pair);
  const settings = await findChangedSettings(queries, pair);
  if (await areSomeImmutable(queries, from)) requireMay(viewer, "settings:write", from);
  return [...visibilityChange(viewer, pair), ...settings.map((changed) => showSetting(viewer, pair, changed))];
}

/** Names would be moved that have been moved already. @throws RegistryError `conflict` */
export function requireApart(from: string, to: string): void {
  if (`${from}/`.startsWith(`${to}/`) || `${to}/`.startsWith(`${from}/`))
    throw new RegistryError("conflict", `${from} and ${to} are within one another: move it by way of a third name`);
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

/** A move, as somebody asks for it. */
export interface WantedMove extends NamePair {
  /** How long the old name leads to the new one; `undefined`: as long as is said for it. */
  readonly redirectDays: number | undefined;
  readonly acceptChanges: boolean;
}

/**
 * Moves a repository by what the viewer may do.
 * @returns until when the old name leads to it, and the rules that are others
 * @throws RegistryError `not-found`, `name-unknown`, `denied`, `conflict`, and where a quota would be exceeded
 */
export async function moveByRules(
  change: RegistryChange,
  viewer: Viewer,
  { redirectDays, acceptChanges, ...pair }: WantedMove,
): Promise<{ readonly redirectUntilMs: number | null; readonly changes: readonly RuleChange[] }> {
  const changes = await requirePossible(change.queries, viewer, pair);
  requireConsent(pair, changes, acceptChanges);
  const usualDays = (await findSettings(change.queries, pair.from)).redirect?.value.days ?? DEFAULT_DAYS;
  const redirectMs = (redirectDays ?? usualDays) * DAY_MS;
  await moveRepository(change, { ...pair, redirectMs });
  return { redirectUntilMs: redirectMs === 0 ? null : change.nowMs + redirectMs, changes };
}

/** Without the consent of who moves it, nothing becomes less safe. @throws RegistryError `conflict` */
function requireConsent({ from }: NamePair, changes: readonly RuleChange[], isGiven: boolean): void {
  const missing = changes.filter(({ needsConsent }) => needsConsent);
  if (isGiven || missing.length === 0) return;
  const rules = missing.map(
    ({ rule, before, after }) => `${rule} is ${textOf(before)} now and would be ${textOf(after)}`,
  );
  const message = `other rules would hold for ${from}: ${rules.join("; ")}: move it with acceptChanges if that is meant`;
  throw new RegistryError("conflict", message, { details: missing });
}

const textOf = (value: unknown) => (value === null ? "not said" : JSON.stringify(value));

function visibilityChange(viewer: Viewer, { from, to }: NamePair): readonly RuleChange[] {
  const [before, after] = [visibilityOf(viewer.rules, from).visibility, visibilityOf(viewer.rules, to).visibility];
  if (before === after) return [];
  // From the widest on.
  const needsConsent = VISIBILITIES.indexOf(after) < VISIBILITIES.indexOf(before);
  return [{ rule: "visibility", before, after, needsConsent }];
}

/** What a quota of another node is, is looked at when it is counted there. */
const HARMLESS: ReadonlySet<string> = new Set(["quota", "redirect"]);

function showSetting(viewer: Viewer, { from, to }: NamePair, { setting, before, after }: ChangedSetting): RuleChange {
  const shown = (path: string, said: ChangedSetting["before"]) => {
    if (!said) return null;
    return isPermitted(viewer, { path, action: "settings:read" }) ? said.value : NOT_SHOWN;
  };
  return { rule: setting, before: shown(from, before), after: shown(to, after), needsConsent: !HARMLESS.has(setting) };
}

/** By a move the old name is free for other content under the same tags: that is for who could as well take back that they are immutable. */
async function areSomeImmutable(queries: Queries, from: RepositoryName): Promise<boolean> {
  const { "immutable-tags": said } = await findSettings(queries, from);
  return said !== undefined && said.value.length > 0;
}
