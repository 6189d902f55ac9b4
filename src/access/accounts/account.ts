import type { SystemRole } from "../rules/roles.ts";

/** Somebody who can sign in, as far as access is concerned. */
export interface Account {
  readonly id: number;
  /** A robot's is `<node>+<name>`. */
  readonly name: string;
  readonly kind: "user" | "robot";
  /** `local`, `htpasswd`, `ldap:<server>`, `oidc:<provider>`. */
  readonly source: string;
  readonly systemRole: SystemRole | undefined;
  /** The node that a robot belongs to. */
  readonly ownerPath: string | undefined;
  readonly groupIds: readonly number[];
  /** Tokens that were issued at a lower one hold no longer. */
  readonly generation: number;
  /** Disabled or expired accounts cannot do anything. */
  readonly isDisabled: boolean;
  readonly expiresAtMs: number | undefined;
  /** Can do nothing but change the password. */
  readonly mustChangePassword: boolean;
}
