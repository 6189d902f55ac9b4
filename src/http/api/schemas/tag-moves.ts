import { z } from "zod";
import { isTag } from "../../../oci/index.ts";
import { page, repositoryName } from "./words.ts";

const MAX_PATTERN = 128;

const wanted = {
  from: repositoryName.describe("The repository that has the tags."),
  tags: z
    .string()
    .regex(/^[A-Za-z0-9_.*-]+$/, "it is a tag, or a pattern of tags such as pr-*")
    .max(MAX_PATTERN)
    .describe("A tag, or a pattern of tags, in which `*` is any text."),
  to: repositoryName.describe("The repository that is to have them; for another name it may be the same."),
  newTag: z.string().refine(isTag, "it is no tag").optional().describe("The name that a single tag is to have there."),
};

interface Wanted {
  readonly tags: string;
  readonly newTag?: string | undefined;
}

const namesOne = ({ tags, newTag }: Wanted) => newTag === undefined || !tags.includes("*");
const NOT_ONE = "newTag is for a single tag: those of a pattern keep their names";

export const newTagMove = z.strictObject(wanted).refine(namesOne, NOT_ONE).meta({ id: "NewTagMove" });

export const tagMoveQuery = z.strictObject({ ...wanted, ...page }).refine(namesOne, NOT_ONE);

export const plannedTagMove = z
  .object({
    from: z.string().describe("Such as `team/app:1.0`."),
    to: z.string(),
    digest: z.string().describe("What the tag points at."),
    problem: z.string().nullable().describe("Why it cannot be moved; `null`: it can."),
  })
  .meta({ id: "PlannedTagMove", description: "What would become of a tag that is moved." });
