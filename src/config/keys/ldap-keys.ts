import { directoryName, ldapAttribute, ldapFilter, ldapUrl } from "../values/ldap-types.ts";
import { durationBetween, flag, oneOf, path, text, wholeNumber } from "../values/value-types.ts";
import { group, listOf, listOfGroups, optional, required, setting } from "./key.ts";

const waiting = durationBetween(100, 120_000);

const userKeys = group("Where users are, and what they are called.", {
  basedn: optional(text, "Below which entry users are, for example `ou=people,dc=example,dc=com`.", {
    defaultNote: "needed, unless `usertemplate` is a DN",
  }),
  filter: optional(ldapFilter, "Which entry is the one of `{user}`.", {
    defaultNote:
      "`(uid={user})`; for `activedirectory` that of a person whose `sAMAccountName` or `userPrincipalName` is `{user}`",
  }),
  extrafilter: optional(
    ldapFilter,
    "What users must fulfil beside, for example `(memberOf=cn=registry,ou=groups,dc=example,dc=com)`.",
  ),
  name: optional(ldapAttribute, "Has the name of the account.", {
    defaultNote: "`uid`; `sAMAccountName` for `activedirectory`",
  }),
  displayname: optional(ldapAttribute, "Has the name of the person.", {
    defaultNote: "`cn`; `displayName` for `activedirectory`",
  }),
  email: setting(ldapAttribute, "mail", "Has the address for mail."),
  id: optional(
    ldapAttribute,
    "Has what no other entry ever has, so that an account stays the same when it is renamed.",
    {
      defaultNote: "`entryUUID`; `objectGUID` for `activedirectory`",
    },
  ),
});

const groupKeys = group("Which groups users are in.", {
  from: setting(
    oneOf("none", "attribute", "search"),
    "none",
    "`attribute`: the user's entry names them. `search`: their entries name the user.",
  ),
  attribute: setting(ldapAttribute, "memberOf", "With `from: attribute`: has the DNs of groups."),
  filter: optional(ldapFilter, "With `from: search`: which groups `{dn}` is in; `{user}` is the name of the account.", {
    defaultNote: "`(|(member={dn})(uniqueMember={dn}))`; for `activedirectory` those of `nested`",
  }),
  basedn: optional(text, "Below which entry groups count.", {
    defaultNote: "`users.basedn` with `from: search`; without it all count",
  }),
  nested: setting(
    oneOf("none", "walk", "in-chain"),
    "none",
    "Whether a group's groups are the user's: not, by asking for them level by level, or by the rule of Active Directory " +
      "that finds all at once.",
  ),
  depth: setting(wholeNumber(1, 50), "10", "With `nested: walk`: how many levels."),
});

export const ldapKeys = listOfGroups("Directories whose users can sign in, by LDAP. Asked in this order.", {
  name: required(directoryName, "Marks its accounts, as `ldap:<name>`. Another name makes them other accounts."),
  kind: setting(oneOf("openldap", "activedirectory"), "openldap", "What is meant where a key is left away."),
  urls: listOf(ldapUrl, "Its servers, in the order in which they are tried, for example `ldaps://dc1.example.com`."),
  starttls: setting(flag, "false", "Turns `ldap://` into TLS before anything is said."),
  ca: optional(path, "PEM file of the authorities of the servers' certificates.", {
    defaultNote: "those of the system",
  }),
  servername: optional(text, "The name in the servers' certificates, where it is not the one in the URL."),
  insecureskipverify: setting(flag, "false", "Believes any certificate: passwords go to whoever is in between."),
  binddn: optional(
    text,
    "Who searches for users. Without it and `usertemplate` nobody does, if the servers allow that.",
  ),
  bindpassword: optional(text, "The password of `binddn`.", { secret: true }),
  usertemplate: optional(
    text,
    "Instead of `binddn`: what users themselves bind as, `uid={user},ou=people,dc=example,dc=com` or `{user}@example.com`.",
  ),
  users: userKeys,
  groups: groupKeys,
  connecttimeout: setting(waiting, "5s", "How long a connection may take to come about, 100ms to 2m."),
  timeout: setting(waiting, "10s", "How long a server may take for an answer, 100ms to 2m."),
  maxsignins: setting(
    wholeNumber(1, 100),
    "8",
    "How many sign-ins are under way at once; the others wait. Each takes up to two connections.",
  ),
});
