import { responseOf } from "./answer.ts";
import { asRegistryError, errorAnswer, openContext } from "./error-answer.ts";

/** The answer to what fails after the handler, before the first byte is sent: a file that cannot be opened for sending. */
export function unsentResponse(error: unknown): Response {
  return responseOf(errorAnswer(asRegistryError(error), openContext("GET")));
}
