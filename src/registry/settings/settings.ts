import {
  findNodeSettings,
  findRepositoryWithSettings,
  nodesUpFrom,
  type NodeSetting,
  type Queries,
} from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import type { RetentionRule } from "../retention/retention-rule.ts";
import type { UntaggedRule } from "../collection/collection.ts";
import type { Quota } from "../quotas/quota.ts";

/** All that a node of the namespace tree can say of what is kept in its repositories. */
export interface SettingValues {
  /** Patterns of tags that cannot be moved or deleted. */
  readonly "immutable-tags": readonly string[];
  /** Patterns of tags that stay whatever retention says and whenever they expire, such as those that are deployed. */
  readonly "kept-tags": readonly string[];
  /** Names of annotations and image labels that keep the tags of what has them. */
  readonly "keep-labels": readonly string[];
  readonly untagged: UntaggedSetting;
  /** Clients can delete nothing. */
  readonly protected: boolean;
  /** None: all tags stay. */
  readonly retention: readonly RetentionRule[];
  /** How much the node may hold. Those of the nodes above hold as well. */
  readonly quota: Quota;
  /** Whether a second person has to approve what clients delete. That of any node above holds. */
  readonly "delete-approval": ApprovalSetting;
  /** How long names lead to the new ones of what is moved away, in days; 0: not at all. */
  readonly redirect: RedirectSetting;
}

export interface RedirectSetting {
  readonly days: number;
}

export interface ApprovalSetting {
  readonly required: boolean;
  /** How long a request waits, such as `7d`, which is what it is when absent. */
  readonly within?: string | undefined;
}

export interface UntaggedSetting {
  readonly rule: UntaggedRule;
  /** With `remove`: how long a manifest stays that has lost its last tag, such as `7d`; absent: as long as anything else. */
  readonly after?: string | undefined;
}

export const SETTING_NAMES = [
  "immutable-tags",
  "kept-tags",
  "keep-labels",
  "untagged",
  "protected",
  "retention",
  "quota",
  "delete-approval",
  "redirect",
] as const satisfies readonly (keyof SettingValues)[];

export type SettingName = (typeof SETTING_NAMES)[number];

/** What holds somewhere, and which node says so. */
export interface SaidSetting<T> {
  readonly value: T;
  readonly node: string;
}

/** What holds somewhere; what no node says is left out. */
export type Settings = { readonly [Name in SettingName]?: SaidSetting<SettingValues[Name]> };

/** What holds for a repository or a node: of those who say something of a setting, the nearest has it, as a whole. */
export async function findSettings(queries: Queries, path: string): Promise<Settings> {
  return nearest(await findNodeSettings(queries, [...nodesUpFrom(path)]));
}

/** Where something is added. */
export interface RepositoryPlace {
  /** `undefined`: there is no such repository yet. */
  readonly repositoryId: number | undefined;
  readonly settings: Settings;
}

/** What holds for a repository, with its number: one look. */
export async function findRepositoryPlace(queries: Queries, repository: RepositoryName): Promise<RepositoryPlace> {
  const { id: repositoryId, said } = await findRepositoryWithSettings(queries, repository);
  return { repositoryId, settings: nearest(said) };
}

/** The same as the first for several, with one look. */
export async function findSettingsOf(queries: Queries, paths: readonly string[]): Promise<(path: string) => Settings> {
  const found = await findNodeSettings(queries, [...new Set(paths.flatMap((path) => [...nodesUpFrom(path)]))]);
  const byNode = Map.groupBy(found, ({ path }) => path);
  return (path) => nearest([...nodesUpFrom(path)].flatMap((node) => byNode.get(node) ?? []));
}

function nearest(said: readonly NodeSetting[]): Settings {
  const settings: Record<string, SaidSetting<unknown>> = {};
  for (const { path, name, value } of said) {
    const other = settings[name];
    if (!other || other.node.length < path.length) settings[name] = { value, node: path };
  }
  return settings;
}

/** As people read it. */
export function showNode(node: string): string {
  return node === "" ? "the root" : node;
}
