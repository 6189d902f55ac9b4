import { responseOf } from "./answer.ts";
import { asRegistryError, errorAnswer, OPEN_CONTEXT } from "./error-answer.ts";

/** Told of a request whose line in the log says that it went well: its answer was lost on the way, and this is the true one. */
export interface UnsentAnswer {
  /** A new one: by now nobody knows which request it was. */
  readonly requestId: string;
  readonly status: number;
  readonly error: unknown;
}

export interface UnsentParts {
  readonly newRequestId: () => string;
  readonly report: (unsent: UnsentAnswer) => void;
}

/** The answer to what fails after the handler, before the first byte is sent: a file that cannot be opened for sending. */
export function unsentResponse(error: unknown, { newRequestId, report }: UnsentParts): Response {
  const requestId = newRequestId();
  const response = responseOf(errorAnswer(asRegistryError(error), OPEN_CONTEXT));
  response.headers.set("X-Request-Id", requestId);
  report({ requestId, status: response.status, error });
  return response;
}
