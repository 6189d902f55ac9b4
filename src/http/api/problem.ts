import { RegistryError } from "../../oci/index.ts";
import { type Answer, type AnswerHeaders, jsonAnswer } from "../answer.ts";
import { type ErrorContext, errorHeaders } from "../error-answer.ts";
import { ERROR_TABLE } from "../error-table.ts";

/** A field that is wrong. */
export interface FieldProblem {
  /** Where it is, such as `body.role` or `query.limit`. */
  readonly field: string;
  readonly problem: string;
}

/**
 * What went wrong, as the management API tells it.
 * @spec RFC 9457, "Members of a Problem Details Object"
 */
export function problemAnswer(error: RegistryError, context: ErrorContext): Answer {
  const { status } = ERROR_TABLE[error.kind];
  const errors = error.details.filter((detail) => detail !== null && detail !== undefined);
  const problem = {
    type: `urn:berth:problem:${error.kind}`,
    title: titleOf(error.kind),
    status,
    detail: error.message,
    instance: context.requestId,
    ...(errors.length > 0 && { errors }),
  };
  const own: AnswerHeaders = { "Content-Type": "application/problem+json", "Cache-Control": "no-store" };
  return jsonAnswer(problem, { ...errorHeaders(error, context), ...own }, status);
}

function titleOf(kind: string): string {
  const words = kind.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The request is not what its route takes. @param problems one entry for each field that is wrong */
export function fieldErrors(problems: readonly FieldProblem[]): RegistryError {
  const message = problems.map(({ field, problem }) => `${field}: ${problem}`).join("; ");
  return new RegistryError("bad-request", message, { details: problems });
}
