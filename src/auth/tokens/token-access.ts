/** What a token is good for, as it stands in one. @spec Docker "Token Authentication Implementation" */
export interface TokenAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export interface VerifiedToken {
  /** An account's name; `""` for nobody in particular. */
  readonly subject: string;
  readonly generation: number;
  readonly access: readonly TokenAccess[];
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}
