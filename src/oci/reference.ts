import { algorithmOf, type Digest, hexOf, parseDigest, shorten } from "./digest.ts";
import { RegistryError } from "./registry-error.ts";

/** A name that may move from one manifest to another, such as `latest` or `1.2.3`. */
export type Tag = string & { readonly __brand: "Tag" };

/** What stands behind `/manifests/`: a digest names one manifest for ever, a tag names one for now. */
export type Reference =
  | { readonly kind: "digest"; readonly digest: Digest }
  | { readonly kind: "tag"; readonly tag: Tag };

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

export function isTag(text: string): text is Tag {
  return TAG.test(text);
}

/** @throws RegistryError `tag-invalid` */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text;
  throw new RegistryError(
    "tag-invalid",
    "a tag is 1 to 128 letters, digits, '_', '.' and '-', and does not start with '.' or '-'",
    { detail: { tag: shorten(text) } },
  );
}

const SIGNATURE_TAG = /^(sha256-[0-9a-f]{64})\.(?:sig|att|sbom)$/;

/**
 * What the digest begins with that a tag attaches its manifest to: cosign's signatures, attestations and SBOMs have such tags, and so
 * have lists of referrers that clients keep themselves, with as much of a digest as goes into a tag. `undefined`: the tag is one of its own.
 * @spec OCI distribution-spec, "Referrers Tag Schema"
 */
export function subjectOfTag(tag: Tag): string | undefined {
  return subjectsOfReferrersTag(tag) ?? SIGNATURE_TAG.exec(tag)?.[1]?.replace("-", ":");
}

/**
 * Where clients look for the list of what refers to a manifest, if the registry has no such lists.
 * @spec OCI distribution-spec, "Referrers Tag Schema"
 */
export function referrersTagOf(subject: Digest): Tag {
  return parseTag(`${algorithmOf(subject)}-${hexOf(subject).slice(0, MOST_HEX_IN_TAG)}`);
}

const MOST_HEX_IN_TAG = 64;

const REFERRERS_TAG = /^(sha256|sha512)-([0-9a-f]{64})$/;

/** What the digests begin with whose list of referrers has this tag; `undefined` if it is no such tag. */
export function subjectsOfReferrersTag(tag: string): string | undefined {
  const [, algorithm, hex] = REFERRERS_TAG.exec(tag) ?? [];
  return hex === undefined ? undefined : `${algorithm}:${hex}`;
}

/**
 * A digest contains a colon and a tag cannot, so a colon decides which of the two was meant.
 * @throws RegistryError `digest-invalid`, `tag-invalid`
 */
export function parseReference(text: string): Reference {
  return text.includes(":") ? { kind: "digest", digest: parseDigest(text) } : { kind: "tag", tag: parseTag(text) };
}

export function referenceText(reference: Reference): string {
  return reference.kind === "digest" ? reference.digest : reference.tag;
}
