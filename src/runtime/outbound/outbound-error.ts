/** Why a request of ours to somewhere else has no answer. */
export type OutboundErrorReason = "forbidden" | "timeout" | "too-large" | "unreachable";

/** A guarded request was refused by the guard, or failed. Its message is for the log: it may name addresses inside. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  readonly reason: OutboundErrorReason;

  constructor(reason: OutboundErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
