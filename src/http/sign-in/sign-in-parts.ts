import type { Account, ExternalIdentity } from "../../access/index.ts";
import type { OidcProviders, SignIn, WebSessions } from "../../auth/index.ts";
import type { ActOrigin, MetadataDatabase } from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";

/** What the sign-in of browsers needs. */
export interface SignInParts {
  readonly metadata: MetadataDatabase;
  readonly providers: OidcProviders;
  readonly sessions: WebSessions;
  /** `undefined`: nobody signs in with a password. */
  readonly signIn: SignIn | undefined;
  /** The account of somebody whom a provider has just vouched for, made at the first time. */
  readonly ensureExternalAccount: (source: string, identity: ExternalIdentity, by: ActOrigin) => Promise<Account>;
  readonly clock: Clock;
  /** In front of every path, with a slash at both ends. */
  readonly prefix: string;
}
