import { type Answer, responseOf } from "../answer.ts";
import type { Door } from "../edge.ts";
import { asRegistryError, OPEN_CONTEXT } from "../error-answer.ts";
import type { ApiParts, ApiVisitor } from "./api-parts.ts";
import type { Api } from "./create-api.ts";
import { problemAnswer } from "./problem.ts";

/** The management API, as the edge has it. */
export interface ApiDoor extends Door {
  /** Answers all by itself, for who has no edge around it. */
  readonly fetch: (visitor: ApiVisitor) => Promise<Response>;
}

/** The management API, whose code is read at the first request to it: a registry that is not asked needs no memory for it. */
export function createApiDoor(parts: ApiParts): ApiDoor {
  let made: Promise<Api> | undefined;
  async function respond(visitor: ApiVisitor): Promise<Answer> {
    made ??= import("./create-api.ts").then(({ createApi }) => createApi(parts));
    const api = await made;
    return api(visitor);
  }
  return {
    path: "/api/v1/",
    name: "api",
    respond,
    answerError: problemAnswer,
    async fetch(visitor) {
      const context = { ...OPEN_CONTEXT, requestId: visitor.from.requestId ?? "" };
      const failed = (error: unknown) => problemAnswer(asRegistryError(error), context);
      return responseOf(await respond(visitor).catch(failed));
    },
  };
}
