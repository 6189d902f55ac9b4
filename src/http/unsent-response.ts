import { responseOf } from "./answer.ts";
import { asRegistryError, errorAnswer } from "./error-answer.ts";

/** The answer to what fails after the handler, before the first byte is sent: a file that cannot be opened for sending. */
export function unsentResponse(error: unknown): Response {
  // Neither a challenge nor the methods of a resource are among these errors.
  return responseOf(errorAnswer(asRegistryError(error), { method: "GET", challenge: () => "", allow: "" }));
}
