import { type AltNamePattern, parseAltNamePattern } from "./alt-name-pattern.ts";
import type { CertificateRuleOptions } from "./options.ts";
import type { CertificateNames } from "./parse-certificate.ts";
import { COMMON_NAME, parseSubjectPattern, type SubjectPattern } from "./subject-pattern.ts";

export interface CertificateRules {
  /** @returns the name of an account, which may not exist; `undefined`: no rule is about such a certificate */
  nameOf(certificate: Pick<CertificateNames, "subject" | "subjectAltNames">): string | undefined;
}

interface Rule {
  readonly subject: SubjectPattern | undefined;
  readonly san: AltNamePattern | undefined;
  readonly name: CertificateRuleOptions["name"];
}

/**
 * Reads rules, of which the first one that fits decides. A certificate with several common names fits none.
 * @throws RangeError for a rule that cannot be
 */
export function createCertificateRules(options: readonly CertificateRuleOptions[]): CertificateRules {
  const rules = options.map(parseRule);
  return {
    nameOf(certificate) {
      if (commonNamesOf(certificate).length > 1) return undefined;
      for (const rule of rules) {
        const found = applyRule(rule, certificate);
        if (found) return found.name;
      }
      return undefined;
    },
  };
}

function parseRule({ subject, san, name }: CertificateRuleOptions): Rule {
  if (subject === undefined && san === undefined)
    throw new RangeError("a rule for certificates needs a subject or a san: it would be for all of them");
  const rule = { subject: subject === undefined ? undefined : parseSubjectPattern(subject), name };
  const pattern = san === undefined ? undefined : parseAltNamePattern(san);
  if ("from" in name && name.from === "san" && !pattern?.hasOneStar)
    throw new RangeError("a rule for certificates takes the name from san: that needs one * which stands for it");
  return { ...rule, san: pattern };
}

/** @returns `undefined`: it does not fit; a name of `undefined`: it does, and it is not clear which name it is */
function applyRule(
  { subject, san, name }: Rule,
  certificate: Pick<CertificateNames, "subject" | "subjectAltNames">,
): { readonly name: string | undefined } | undefined {
  if (subject && !subject(certificate.subject)) return undefined;
  const stars = san ? certificate.subjectAltNames.flatMap((each) => san.match(each) ?? []) : [];
  if (san && stars.length === 0) return undefined;
  if ("account" in name) return { name: name.account };
  const names = name.from === "cn" ? commonNamesOf(certificate) : [...new Set(stars)];
  return { name: names.length === 1 ? userNameOf(names[0]) : undefined };
}

function commonNamesOf({ subject }: Pick<CertificateNames, "subject">): readonly (string | undefined)[] {
  return subject.filter(({ oid }) => oid === COMMON_NAME).map(({ value }) => value);
}

/** A robot is named by a rule of its own: whoever issues certificates for people shall not come by it. */
function userNameOf(text: string | undefined): string | undefined {
  return text?.includes("+") ? undefined : text;
}
