import type { ApiExplanation } from "../../http/index.ts";
import { showNode } from "../remote/names.ts";

interface Question {
  readonly subject: string;
  readonly repository: string;
  readonly action: string;
}

/** What is decided, by what, and what was looked at. */
export function describeExplanation(explanation: ApiExplanation, { subject, repository, action }: Question): string {
  const verdict = explanation.isPermitted ? "may" : "may not";
  return [
    `${subject} ${verdict} ${action} ${repository}: ${reasonOf(explanation)}.`,
    "",
    `Rules about: ${explanation.subjects.join(", ") || "nobody in particular"}`,
    ...visibilityOf(explanation),
    ...chainOf(explanation),
    ...grantsOf(explanation),
    "",
  ].join("\n");
}

const OBSTACLES: Readonly<Record<NonNullable<ApiExplanation["obstacle"]>, string>> = {
  disabled: "the account is disabled",
  expired: "the account has expired",
  "password-change-needed": "the password must be changed first",
};

function reasonOf({ obstacle, permission }: ApiExplanation): string {
  const reason = reasonByRules(permission);
  return obstacle ? `${OBSTACLES[obstacle]}; as to the rules, ${reason}` : reason;
}

function reasonByRules(permission: ApiExplanation["permission"]): string {
  if (!permission) return "no role, no grant and no visibility permits it";
  if (permission.by === "system-role") return `the system role ${permission.role} permits it`;
  if (permission.by === "role") return `${permission.subject} is ${permission.role} of ${showNode(permission.node)}`;
  if (permission.by === "visibility") return `${showNode(permission.node)} is ${permission.visibility}`;
  return `grant ${permission.grant} to ${permission.subject} on ${permission.pathPattern} permits it`;
}

function visibilityOf({ visibility }: ApiExplanation): string[] {
  if (!visibility) return [];
  const origin = visibility.origin === null ? "by default" : `from ${showNode(visibility.origin)}`;
  return [`Visibility: ${visibility.value}, ${origin}`];
}

function chainOf({ chain }: ApiExplanation): string[] {
  if (chain.length === 0) return ["Nodes: none of those above it says anything about them"];
  const lines = chain.map(({ node, visibility, roles }) => {
    const said = [...(visibility ? [visibility] : []), ...roles.map(({ subject, role }) => `${subject} is ${role}`)];
    return `  ${showNode(node)}: ${said.join(", ")}`;
  });
  return ["Nodes, from the repository up:", ...lines];
}

const VERDICTS: Readonly<Record<ApiExplanation["grants"][number]["verdict"], string>> = {
  permits: "permits it",
  expired: "has expired",
  "other-path": "is about other repositories",
  "other-action": "is about other actions",
  "other-tag": "is about other tags",
};

function grantsOf({ grants }: ApiExplanation): string[] {
  if (grants.length === 0) return [];
  const lines = grants.map(
    ({ id, subject, pathPattern, verdict }) => `  ${id} to ${subject} on ${pathPattern}: ${VERDICTS[verdict]}`,
  );
  return ["Grants:", ...lines];
}
