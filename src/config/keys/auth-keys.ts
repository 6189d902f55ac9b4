import { durationBetween, headerValue, interval, oneOf, path, webUrl, wholeNumber } from "../values/value-types.ts";
import { clientCertificateKeys } from "./client-certificate-keys.ts";
import { group, optional, optionalGroup, refused, required, setting } from "./key.ts";
import { ldapKeys } from "./ldap-keys.ts";
import { oidcKeys, sessionKeys, workloadKeys } from "./oidc-keys.ts";
import { tokenKeys } from "./token-keys.ts";

const accountKeys = optionalGroup(
  "Users, groups and robots in the database, with roles on namespaces, and tokens for clients. Together with `htpasswd`, `ldap` " +
    "or `oidc` their users have roles too.",
  {
    passwords: group("Passwords of users that the registry itself keeps.", {
      minlength: setting(wholeNumber(8), "12", "The least number of characters."),
    }),
    externalcache: setting(
      interval,
      "1m",
      "How long a password that a directory has found right is taken without asking again.",
    ),
    tokens: group("Tokens that clients are given for their password.", {
      service: setting(headerValue, "berth", "What tokens are for: the name that clients show."),
      issuer: setting(
        headerValue,
        "berth",
        "Who makes them. Of two registries with the same keys each needs a name of its own.",
      ),
      realm: optional(webUrl, "Where clients ask for tokens, if not at `/token` of the address that they use."),
      lifetime: setting(
        durationBetween(60_000, 3_600_000),
        "15m",
        "How long a token is good for: one minute to one hour.",
      ),
      algorithm: setting(oneOf("es256", "eddsa"), "es256", "What tokens are signed with."),
    }),
  },
);

export const authKeys = group(
  "Who may use the registry. Without a kind everybody on this machine may, and on addresses that others can reach there are " +
    "`accounts`. `none`, `token` and `htpasswd` by itself stand alone.",
  {
    htpasswd: optionalGroup(
      "Users and passwords in a file made by `htpasswd -B`. Without `accounts` all of them may pull, push and delete everything, " +
        "until roles say otherwise.",
      {
        realm: setting(headerValue, "Registry", "The name that clients show when they ask for the password."),
        path: required(path, "The file."),
      },
    ),
    accounts: accountKeys,
    clientcertificates: clientCertificateKeys,
    ldap: ldapKeys,
    none: optionalGroup("`{}` says that everybody may do everything.", {}),
    oidc: oidcKeys,
    workloads: workloadKeys,
    sessions: sessionKeys,
    token: tokenKeys,
    silly: refused("Takes any token.", "it protects nothing; say `auth: {none: {}}`.", { evenEmpty: true }),
  },
);
