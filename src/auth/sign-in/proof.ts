import type { PasswordSource } from "./password-source.ts";
import type { Identity } from "./sign-in.ts";

export type SignInMethod = "password" | "robot-secret" | "personal-token" | "refresh-token" | "workload-token";

/** Somebody is who they say. */
export interface Proof {
  readonly identity: Identity;
  /** Exclusive: then it has to be proved again. */
  readonly untilMs: number;
  readonly secretId?: number | undefined;
  /** The secret's new one, of those that end when they are not used. */
  readonly expiresAtMs?: number | undefined;
  /** To be asked again each time. */
  readonly source?: PasswordSource | undefined;
}

/** Why not, for the audit trail: the caller is told nothing of it. */
export interface Refusal {
  readonly refusal: string;
  /** It cannot have been one of ours. Anybody can send any number of such, and the trail would say nothing by them. */
  readonly isNoSecret?: true;
}

export type Outcome = Proof | Refusal;

export function isRefusal(outcome: Outcome): outcome is Refusal {
  return "refusal" in outcome;
}
