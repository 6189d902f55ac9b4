import { altNamePattern, headerName, subjectPattern } from "../values/certificate-types.ts";
import { oneOf, text } from "../values/value-types.ts";
import { group, listOfGroups, optional, setting } from "./key.ts";

const ruleKeys = listOfGroups(
  "Whose a certificate is: the first rule that fits says it. One that fits no rule says nothing, as if there were none.",
  {
    match: group("What a certificate must be for the rule: both, where both are there.", {
      subject: optional(
        subjectPattern,
        "Attributes of its subject, for example `CN=*,O=Acme`; `*` is any text. It must have just these of each type that is named.",
      ),
      san: optional(
        altNamePattern,
        "One of its alternative names, for example `dns:*.ci.acme`, `email:*@acme.com` or `spiffe://acme/ci/*`; `*` is any text " +
          "between dots, on one side of `@`, between slashes.",
      ),
    }),
    account: optional(text, "The name of the user or robot, for example `team/app+ci`.", {
      defaultNote: "needed, unless there is `from`",
    }),
    from: optional(
      oneOf("cn", "san"),
      "What names the user instead: the subject's common name, or what `*` of `san` stands for.",
    ),
  },
);

export const clientCertificateKeys = group(
  "Clients that are known by their certificate, in the place of a password. The authorities are those of `http.tls.clientcas`.",
  {
    rules: ruleKeys,
    header: optional(
      headerName,
      "Where proxies of `http.trustedproxies`, which end TLS, pass on their client's certificate.",
    ),
    headerformat: setting(
      oneOf("pem", "xfcc"),
      "pem",
      "`pem`: percent-encoded, or its base64 alone. `xfcc`: Envoy's `X-Forwarded-Client-Cert` with `Cert`.",
    ),
  },
);
