import {
  findRepositoryId,
  findRepositoryMove,
  findUsedRepository,
  type Queries,
  removeRepositoryMove,
  removeUnusedRepository,
  renameRepository,
} from "../../metadata/index.ts";
import { RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { addWithinQuotas } from "../quotas/add-within-quotas.ts";
import { requireUnprotected } from "../settings/guard-content.ts";
import { noteSettingsChange } from "../settings/note-change.ts";
import { findSettings, type SaidSetting, SETTING_NAMES, type SettingName } from "../settings/settings.ts";

/** From one name to another. */
export interface NamePair {
  readonly from: RepositoryName;
  readonly to: RepositoryName;
}

export interface RepositoryMoving extends NamePair {
  /** How long the old name leads to the new one; 0: not at all. */
  readonly redirectMs: number;
}

/**
 * Gives a repository another name: everything in it, its history, its bin, what is being pushed and what clusters run of it go along. What
 * nodes say stays with them.
 * @throws RegistryError `name-unknown`, `conflict` where there is a repository of the new name, `denied` where it is protected, and where a
 * quota would be exceeded
 */
export async function moveRepository(change: RegistryChange, moving: RepositoryMoving): Promise<void> {
  const { queries, nowMs, by } = change;
  const { from, to, redirectMs } = moving;
  await requireMovable(queries, { from, to });
  const id = await findRepositoryId(queries, from);
  if (id === undefined) throw noRepository(from);
  await removeUnusedRepository(queries, to);
  const servesUntilMs = nowMs + redirectMs;
  await addWithinQuotas(queries, to, () =>
    renameRepository(queries, { id, from, to, nowMs, servesUntilMs, actor: by.actor }),
  );
  // Manifests without a tag were judged by what holds for the old name.
  await noteSettingsChange(queries, { node: to, nowMs });
  const redirectUntil = redirectMs === 0 ? undefined : new Date(servesUntilMs).toISOString();
  await change.record({ act: "repository.move", target: from, detail: { to, redirectUntil } });
}

/**
 * Whether a repository can get another name, quotas aside.
 * @throws RegistryError `name-unknown`, `conflict`, `denied`
 */
export async function requireMovable(queries: Queries, { from, to }: NamePair): Promise<void> {
  if ((await findRepositoryId(queries, from)) === undefined) throw noRepository(from);
  if (from === to) throw new RegistryError("conflict", `${from} has that name already`);
  requireUnprotected(await findSettings(queries, from), from);
  const there = await findUsedRepository(queries, to);
  if (!there) return;
  const rest = there.isEmpty ? ": it is empty, but for its bin or what is being pushed; empty its bin first" : "";
  throw new RegistryError("conflict", `there is a repository ${to} already${rest}`, { detail: { name: to } });
}

function noRepository(name: RepositoryName): RegistryError {
  return new RegistryError("name-unknown", `there is no repository ${name}`, { detail: { name } });
}

/** A setting that is another one under the new name. */
export interface ChangedSetting {
  readonly setting: SettingName;
  /** `undefined`: nobody says anything. */
  readonly before: SaidSetting<unknown> | undefined;
  readonly after: SaidSetting<unknown> | undefined;
}

/** What of a repository's settings would be another under the new name. */
export async function findChangedSettings(
  queries: Queries,
  { from, to }: NamePair,
): Promise<readonly ChangedSetting[]> {
  const [old, next] = [await findSettings(queries, from), await findSettings(queries, to)];
  return SETTING_NAMES.flatMap((setting) => {
    const [before, after] = [old[setting], next[setting]];
    const isSame = JSON.stringify(before?.value) === JSON.stringify(after?.value);
    return isSame ? [] : [{ setting, before, after }];
  });
}

/** Lets a name that a repository had lead nowhere. @throws RegistryError `not-found` */
export async function endRedirect(change: RegistryChange, name: RepositoryName): Promise<void> {
  const { queries, nowMs } = change;
  const move = await findRepositoryMove(queries, name, nowMs);
  if (!move) throw new RegistryError("not-found", `${name} leads nowhere`);
  await removeRepositoryMove(queries, name, nowMs);
  await change.record({ act: "repository.redirect.end", target: name, detail: { to: move.to } });
}
