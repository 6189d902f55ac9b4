import type { AccessRequest, Account, Action, Asker } from "../../access/index.ts";
import type { ActOrigin } from "../../metadata/index.ts";

/** A tag, or whichever somebody may have, for what is not about one. */
export type TagsInQuestion = Pick<AccessRequest, "tag" | "isAnyTagEnough">;

/** Who asks the management API for something. */
export interface ApiCaller {
  /** `undefined`: nobody who has an account of their own. */
  readonly account: Account | undefined;
  /** As far as rules are concerned, whatever the token or secret is good for. */
  readonly asker: Asker;
  readonly by: ActOrigin;
  /** The token or secret is good for some things only. */
  readonly isLimited: boolean;
  /** By the session of a browser, whose request was seen not to be another site's. */
  readonly isBySession: boolean;
  /** A person sent their password. */
  readonly isByPassword: boolean;

  /**
   * By the rules and by what the token or secret is good for.
   * @param tags what it is about; absent: all of the repository, or a node
   */
  may(action: Action, path: string, tags?: TagsInQuestion): boolean;

  /** Who does not see a node must not learn whether it exists. */
  maySee(path: string): boolean;
}

/** Whether it is somebody in particular, or anybody where nobody has to sign in. */
export function isSomebody({ asker }: ApiCaller): boolean {
  return asker.subjects.length > 0 || asker.systemRole !== undefined;
}

/** The account of who asks, as a rule names it; `undefined`: they have none. */
export function ownSubjectOf({ account }: ApiCaller): string | undefined {
  return account && `${account.kind}:${account.name}`;
}

/** Who sees everything: auditors, and administrators. */
export function seesAll({ asker, isLimited }: ApiCaller): boolean {
  return asker.systemRole !== undefined && !isLimited;
}

/** Of whom nothing was asked. */
export const NOBODY: ApiCaller = {
  account: undefined,
  asker: { subjects: [] },
  by: { actor: undefined, address: undefined, requestId: undefined },
  isLimited: false,
  isBySession: false,
  isByPassword: false,
  may: () => false,
  maySee: () => false,
};
