import type { Account } from "./accounts/account.ts";

/** Who makes a request. */
export type Principal =
  | { readonly kind: "anonymous"; readonly name?: undefined; readonly account?: undefined }
  | {
      readonly kind: "user" | "robot";
      readonly name: string;
      /** Who knows its password; see `Account`. */
      readonly source: string;
      /** `undefined`: it has none yet, so that only what holds for all of its source is said of it. */
      readonly account: Account | undefined;
    };

export const ANONYMOUS: Principal = { kind: "anonymous" };

export function principalOf(account: Account): Principal {
  const { kind, name, source } = account;
  return { kind, name, source, account };
}
