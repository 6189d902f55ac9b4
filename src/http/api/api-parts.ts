import type { AccessRules, Accounts } from "../../access/index.ts";
import type { JobDesk } from "../../jobs/index.ts";
import type { MetadataDatabase } from "../../metadata/index.ts";
import type { QuotaRefusals, RegistryOptions } from "../../registry/index.ts";
import type { Clock, Soon } from "../../runtime/index.ts";
import type { Visitor } from "../edge.ts";
import type { ApiCaller } from "./api-caller.ts";

/** What the management API is made of. */
export interface ApiParts {
  /** What its paths begin with, as clients send them, such as `/api/v1`. */
  readonly base: string;
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly jobs: JobDesk;
  /** As they are now. */
  readonly rules: () => Soon<AccessRules>;
  readonly authenticate: (visitor: ApiVisitor) => Soon<ApiCaller>;
  /** What changes of content are held to. */
  readonly registryOptions: Pick<
    RegistryOptions,
    "readOnly" | "deleteEnabled" | "binKeepMs" | "validation" | "inUseKeepMs"
  >;
  /** Told of what quotas have no room for. */
  readonly quotaRefusals: Pick<QuotaRefusals, "note">;
  readonly service: ServiceFacts;
}

/** A request, and where it comes from. */
export type ApiVisitor = Pick<Visitor, "request" | "origin" | "from" | "introduce">;

/** What everybody may know of the registry. */
export interface ServiceFacts {
  readonly version: string;
  readonly signIn: readonly SignInWay[];
}

export interface SignInWay {
  readonly kind: "password" | "oidc" | "none";
  /** Who knows the password, or the provider: `local`, `htpasswd`, `ldap:<server>`, `oidc:<provider>`. */
  readonly source: string;
  readonly title: string;
  /** Where a browser goes to sign in; absent for passwords. */
  readonly startUrl?: string | undefined;
}
