import { z } from "zod";
import { GRANTABLE_ACTIONS, ROLES, ROOT, VISIBILITIES } from "../../../access/index.ts";
import { isRepositoryName } from "../../../oci/index.ts";

/** How the root of the namespace tree is written in a path, where nothing cannot stand. */
export const ROOT_IN_PATHS = "_root";

const NO_NODE = "a namespace is written like a repository's name, such as team/app";

/** In a path, percent-encoded: `team%2Fapp`. */
export const nodeParam = z
  .string()
  .refine((text) => text === ROOT_IN_PATHS || isRepositoryName(text), NO_NODE)
  .transform((text) => (text === ROOT_IN_PATHS ? ROOT : text))
  .describe(
    `The namespace's path, percent-encoded, such as \`team%2Fapp\`; \`${ROOT_IN_PATHS}\` is the root of the tree.`,
  );

/** Of a route at a node. */
export const nodeParams = z.strictObject({ path: nodeParam });

export const nodePath = z
  .string()
  .refine((text) => text === ROOT || isRepositoryName(text), NO_NODE)
  .describe("A namespace's path, such as `team/app`; empty for the root of the tree.");

export const repositoryName = z
  .string()
  .refine(isRepositoryName, "a repository's name is lower case, such as team/app/api")
  .describe("A repository's name, or a namespace's path.");

export const subjectName = z
  .string()
  .max(300)
  .describe("`user:NAME`, `robot:NODE+NAME`, `group:NAME`, `source:NAME` (whoever signs in there) or `signed-in`.");

export const role = z.enum(ROLES).describe("Each may do what the one before it may, and more.");
export const visibility = z
  .enum(VISIBILITIES)
  .describe("Who may pull: everybody, whoever is signed in, or whoever has a role or a grant.");
export const action = z.enum(GRANTABLE_ACTIONS);

export const time = z.iso.datetime({ offset: true }).describe("RFC 3339, such as `2027-01-31T12:00:00Z`.");

/** The number of a row, as a path has it. */
export const idParam = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, "it is a number")
  .transform(Number);

const AFTER = "Where the page before ended: take it from its `Link` header.";

export const page = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("How many at most."),
  after: z.string().max(1000).default("").describe(AFTER),
} as const;

/** `after` of a list by numbers. */
export const afterNumber = z
  .string()
  .regex(/^\d{0,15}$/, "it is a number")
  .default("")
  .describe(AFTER);

/** As `page`, of a list by numbers. */
export const numberPage = { ...page, after: afterNumber } as const;

export const pageQuery = z.strictObject(page);
export type PageQuery = z.output<typeof pageQuery>;

/** A page of a list; `Link` names the next one. */
export function listOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item) });
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : timeOf(ms);
}

export function msOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Date.parse(text);
}
