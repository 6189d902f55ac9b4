import { findNodeSettings, nodesUpFrom, type Queries } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { parseAge } from "../settings/age.ts";
import { type ApprovalSetting, showNode } from "../settings/settings.ts";

/** A second person has to approve a delete. */
export class ApprovalNeeded extends RegistryError {
  /** How long a request waits for one. */
  readonly withinMs: number;

  constructor(path: string, { node, withinMs }: ApprovalRule) {
    super("denied", `a second person has to approve what is deleted in ${path}: ${showNode(node)} says so`);
    this.withinMs = withinMs;
  }
}

export interface ApprovalRule {
  /** That says so. */
  readonly node: string;
  readonly withinMs: number;
}

const DEFAULT_WITHIN = "7d";

/** Whether a node at or above a path wants a second person, the nearest one that does. */
export async function findApprovalRule(queries: Queries, path: string): Promise<ApprovalRule | undefined> {
  const said = await findNodeSettings(queries, [...nodesUpFrom(path)]);
  const [nearest] = said
    .filter(({ name, value }) => name === "delete-approval" && (value as ApprovalSetting).required)
    .toSorted((one, other) => other.path.length - one.path.length);
  if (!nearest) return undefined;
  const { within = DEFAULT_WITHIN } = nearest.value as ApprovalSetting;
  return { node: nearest.path, withinMs: parseAge(within) };
}

/** @throws ApprovalNeeded */
export async function requireApproved(
  queries: Queries,
  { repository, isApproved = false }: { readonly repository: string; readonly isApproved?: boolean | undefined },
): Promise<void> {
  const rule = isApproved ? undefined : await findApprovalRule(queries, repository);
  if (rule) throw new ApprovalNeeded(repository, rule);
}
