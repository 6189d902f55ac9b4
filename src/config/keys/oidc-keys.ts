import { claimName, issuerUrl, providerName, scopeName } from "../values/oidc-types.ts";
import { domainName, durationBetween, flag, network, path, text, webUrl } from "../values/value-types.ts";
import { group, listOf, listOfGroups, mapOf, optional, required, setting } from "./key.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** How a server of somebody else is asked. */
const accessKeys = {
  ca: optional(path, "PEM file of the authorities of its certificate.", { defaultNote: "those of the system" }),
  privatenetworks: listOf(
    network,
    "Networks inside that it may be in, for example `10.0.0.0/8`. Without them only public addresses are asked.",
  ),
  insecurehttp: setting(flag, "false", "Asks by plain HTTP too: whoever is in between says who signs in."),
};

export const oidcKeys = listOfGroups("Identity providers that people sign in with in a browser, by OpenID Connect.", {
  name: required(
    providerName,
    "Marks its accounts, as `oidc:<name>`, and stands in the URL to register there: `<registry>/sign-in/oidc/<name>/callback`.",
  ),
  title: optional(text, "What people read who choose it.", { defaultNote: "`name`" }),
  issuer: required(issuerUrl, "Its issuer, exactly as in its tokens."),
  clientid: required(text, "What the registry is called there."),
  clientsecret: optional(text, "The secret of the client; without it the client is a public one.", { secret: true }),
  scopes: listOf(scopeName, "What is asked for besides `openid`.", { defaultNote: "`profile`, `email`" }),
  usernameclaim: setting(
    claimName,
    "preferred_username",
    "Has the name of the account. Where it is not there, an email does that the provider has verified.",
  ),
  displaynameclaim: setting(claimName, "name", "Has the name of the person."),
  groupsclaim: optional(
    claimName,
    "Has the groups of the person, for example `groups`, or `realm_access.roles` for a claim in a claim.",
    { defaultNote: "groups are not asked for" },
  ),
  requiredclaims: mapOf(
    text,
    "What a person must have to come in: a text with `*` for each claim, for example `{department: build-*}`.",
  ),
  emaildomains: listOf(domainName, "Only people with a verified email of one of these come in."),
  ...accessKeys,
});

export const workloadKeys = group(
  "Jobs that sign in with the ID token of their CI system or cluster, as robots that trust such tokens.",
  {
    issuers: listOfGroups("Whose tokens are looked at. What a robot trusts of them is said at the robot.", {
      issuer: required(issuerUrl, "The issuer, exactly as in its tokens."),
      jwksuri: optional(webUrl, "Where its keys are.", { defaultNote: "what its discovery document says" }),
      jwksfile: optional(path, "A file with its keys, in the place of asking it."),
      bearertokenfile: optional(path, "A file with the token that it wants to see, for example of a service account."),
      ...accessKeys,
    }),
    maxtokenage: setting(
      durationBetween(minute, 31 * day),
      "24h",
      "A token that was issued longer ago is not taken, even if it says that it is still good.",
    ),
  },
);

export const sessionKeys = group("How long browsers stay signed in.", {
  idletimeout: setting(durationBetween(minute, 31 * day), "8h", "After the last request."),
  maxage: setting(durationBetween(minute, 366 * day), "168h", "After the sign-in."),
});
