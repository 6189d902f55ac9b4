import type { AccessRules } from "../../auth/index.ts";
import type { MetadataDatabase } from "../../metadata/index.ts";
import type { Clock, Soon } from "../../runtime/index.ts";
import type { ApiCaller } from "./api-caller.ts";

/** What the management API is made of. */
export interface ApiParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  /** As they are now. */
  readonly rules: () => Soon<AccessRules>;
  readonly authenticate: (request: Request) => Soon<ApiCaller>;
  readonly service: ServiceFacts;
}

/** What everybody may know of the registry. */
export interface ServiceFacts {
  readonly version: string;
  /** Such as `password`, `htpasswd`, `ldap:corp`, `oidc:github`. */
  readonly signIn: readonly SignInWay[];
}

export interface SignInWay {
  readonly kind: "password" | "oidc" | "none";
  /** Who knows the password, or the provider. */
  readonly source: string;
  readonly title: string;
  /** Where a browser goes to sign in; absent for passwords. */
  readonly startUrl?: string | undefined;
}
