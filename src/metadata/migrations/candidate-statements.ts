/** What triggers of migrations are written with. Never changed, as migrations are not: a later rule is another function. */

/** Milliseconds since the Unix epoch. */
export const NOW = "cast(unixepoch('subsec') * 1000 as integer)";

/** Names what has to be looked at again; what is a candidate already waits anew. An orphan stays one until it was looked at. */
export const candidates = (select: string) => `
  insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms) ${select}
  on conflict (kind, repository_id, target_id)
  do update set since_ms = excluded.since_ms, is_orphan = max(is_orphan, excluded.is_orphan);`;

/** For a trigger that removes a manifest, or what could bring it back: names what refers to it, and what tags attach to it. */
export const ATTACHED_CANDIDATES = `${candidates(`select 'manifest', m.repository_id, m.id, 1, ${NOW}
      from manifests m where m.repository_id = old.repository_id and m.subject_digest = old.digest`)}
    ${candidates(`select 'manifest', t.repository_id, t.manifest_id, 1, ${NOW}
      from tags t where t.repository_id = old.repository_id and t.name in (${attachedTags("old.digest")})`)}`;

/** The tags by which cosign and older clients attach something to a manifest that they have no field for. */
function attachedTags(digest: string): string {
  const name = `replace(${digest}, ':', '-')`;
  return [name, ...["sig", "att", "sbom"].map((suffix) => `${name} || '.${suffix}'`)].join(", ");
}

/** The same of later migrations: the tag of a long digest has as much of it as goes into a tag. */
export const CUT_ATTACHED_CANDIDATES = ATTACHED_CANDIDATES.replaceAll(
  "old.digest, ':'",
  "substr(old.digest, 1, 71), ':'",
);
