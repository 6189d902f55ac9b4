import type { z } from "zod";
import type { CertificateRuleOptions, ClientCertificateOptions } from "../auth/options.ts";
import type { clientCertificateKeys } from "./keys/client-certificate-keys.ts";

type Settings = z.output<typeof clientCertificateKeys>;

/** Whom certificates stand for, or `undefined` if for nobody. Wants settings that `checkClientCertificates` has nothing to say of. */
export function buildClientCertificates(settings: Settings): ClientCertificateOptions | undefined {
  const { rules, header, headerformat } = settings;
  if (rules.length === 0) return undefined;
  return {
    rules: rules.map(({ match, account, from }) => ({ ...match, name: nameOf(account, from) })),
    header: header === undefined ? undefined : { name: header, format: headerformat },
  };
}

function nameOf(account: string | undefined, from: "cn" | "san" | undefined): CertificateRuleOptions["name"] {
  return account === undefined ? { from: from ?? "cn" } : { account };
}
