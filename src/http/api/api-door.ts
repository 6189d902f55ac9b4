import type { RegistryError } from "../../oci/index.ts";
import type { Answer } from "../answer.ts";
import type { ApiParts, ApiVisitor } from "./api-parts.ts";
import type { Api } from "./create-api.ts";
import { problemAnswer, type ProblemContext } from "./problem.ts";

/** The management API, as the edge has it. */
export interface ApiDoor {
  readonly path: string;
  readonly name: string;
  readonly respond: (request: Request, visitor: ApiVisitor) => Promise<Answer>;
  /** What is told of what `respond` throws. */
  readonly answerError: (error: RegistryError, context: ProblemContext) => Answer;
}

/** The management API, whose code is read at the first request to it: a registry that is not asked needs no memory for it. */
export function createApiDoor(parts: ApiParts): ApiDoor {
  let made: Promise<Api> | undefined;
  return {
    path: "/api/v1/",
    name: "api",
    async respond(request, visitor) {
      made ??= import("./create-api.ts").then(({ createApi }) => createApi(parts));
      const api = await made;
      return api(request, visitor);
    },
    answerError: problemAnswer,
  };
}
