import type { ApiParts } from "./api-parts.ts";
import type { Api } from "./create-api.ts";

/** The management API, whose code is read at the first request to it: a registry that is not asked needs no memory for it. */
export function createLazyApi(parts: ApiParts): Api {
  let made: Promise<Api> | undefined;
  return async (request, place) => {
    made ??= import("./create-api.ts").then(({ createApi }) => createApi(parts));
    const api = await made;
    return api(request, place);
  };
}
