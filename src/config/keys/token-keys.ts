import { z } from "zod";
import { EXTERNAL_ALGORITHMS, type ExternalAlgorithm } from "../../auth/options.ts";
import { flag, headerValue, path, text, urlPath, type ValueType, webUrl } from "../values/value-types.ts";
import { listOf, optional, optionalGroup, required, setting } from "./key.ts";

const signingAlgorithm: ValueType<ExternalAlgorithm> = {
  name: "an algorithm",
  schema: z.string({ error: "must be an algorithm" }).transform((value, context): ExternalAlgorithm => {
    const known = EXTERNAL_ALGORITHMS.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (known !== undefined) return known;
    const isShared = /^(?:none|hs\d+)$/iu.test(value);
    const reason = isShared ? "lets whoever can check a token make one" : "is not known";
    context.addIssue({ code: "custom", message: `"${value}" ${reason}; take of ${EXTERNAL_ALGORITHMS.join(", ")}` });
    return z.NEVER;
  }),
};

/** `auth.token`, as registry:2 has it. */
export const tokenKeys = optionalGroup("Tokens of an authorization server that is another program.", {
  realm: required(webUrl, "Where clients get tokens, for example `https://auth.example/token`."),
  service: required(headerValue, "How the authorization server calls this registry; what `aud` must have."),
  issuer: required(text, "How the authorization server calls itself; what `iss` must be."),
  rootcertbundle: optional(path, "The PEM file of certificates whose keys, and whose chains, sign tokens."),
  jwks: optional(
    text,
    "The public keys as a JSON Web Key Set: a file, or an `https://` URL that is asked now and then.",
  ),
  signingalgorithms: listOf(
    signingAlgorithm,
    "What tokens may be signed with; empty: all but those with a shared secret.",
  ),
  autoredirect: setting(
    flag,
    "false",
    "Sends clients to `autoredirectpath` on the registry's own host, not to `realm`.",
  ),
  autoredirectpath: setting(urlPath, "/auth/token", "The path for `autoredirect`."),
});
