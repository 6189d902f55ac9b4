/**
 * `nothing-there`: no database or directory · `busy`: another does the same, or it was interrupted; run it again · `bad-data`: what was to
 * be read is not what it should be · `failed`: storage or database; repair it, run it again.
 */
export type TaskFault = "nothing-there" | "busy" | "bad-data" | "failed";

/** What a command was to do beside or without a server, and could not; the message says why. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  readonly fault: TaskFault;

  constructor(fault: TaskFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}
