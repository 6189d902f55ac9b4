import type { AccessRuleRecords, GrantRecord } from "../../metadata/index.ts";
import { parseTextPattern } from "../../runtime/index.ts";
import type { AccessRules, GrantRule, NodeRules, Subject } from "./access-rules.ts";
import { parsePathPattern } from "./path-pattern.ts";
import { isGrantable, withIncluded } from "./roles.ts";

/** Prepares the rules as they are in the database for being asked again and again. */
export function readRules({ namespaces, roles, grants, nodesWithSettings }: AccessRuleRecords): AccessRules {
  const nodes = new Map<string, NodeRules>();
  const rolesByPath = Map.groupBy(roles, ({ path }) => path);
  // Rows that say nothing are of versions that left them when a setting was taken back.
  const saying = namespaces.filter(({ visibility }) => visibility !== null);
  const visibilityByPath = new Map(saying.map(({ path, visibility }) => [path, visibility ?? undefined]));
  for (const path of new Set([...rolesByPath.keys(), ...visibilityByPath.keys(), ...nodesWithSettings])) {
    const own = rolesByPath.get(path) ?? [];
    nodes.set(path, {
      visibility: visibilityByPath.get(path),
      roles: new Map(own.map(({ subject, role }) => [subject as Subject, role])),
    });
  }
  return { nodes, grants: Map.groupBy(grants.map(readGrant), ({ subject }) => subject) };
}

function readGrant({ id, subject, pathPattern, tagPattern, actions, expiresAtMs }: GrantRecord): GrantRule {
  return {
    id,
    subject: subject as Subject,
    pathPattern,
    mayBePath: parsePathPattern(pathPattern),
    mayBeTag: tagPattern === null ? undefined : parseTextPattern(tagPattern),
    actions: withIncluded(actions.filter(isGrantable)),
    expiresAtMs: expiresAtMs ?? undefined,
  };
}
