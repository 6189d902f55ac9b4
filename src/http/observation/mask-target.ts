const SECRET_WORD = /token|secret|passw(?:or)?d|signature|credential/i;
const SECRET_NAMES: ReadonlySet<string> = new Set(["code", "state", "assertion", "client_assertion"]);

/**
 * A request's target or a referer as it may be written down: what its query carries as token, password, code or state is masked.
 * It takes time in proportion to the length, as anybody can send one of the longest.
 */
export function maskTarget(target: string): string {
  const queryStart = target.indexOf("?");
  if (queryStart < 0) return target;
  // The separators are kept as parts of their own, and hold no `=`.
  const parts = target.slice(queryStart + 1).split(/([&#])/);
  return `${target.slice(0, queryStart)}?${parts.map(maskPair).join("")}`;
}

/** Masks all behind the first `=` that has a secret's name before it, also where a `?` or `=` stands further in front. */
function maskPair(pair: string): string {
  let nameStart = 0;
  for (let equals = pair.indexOf("="); equals >= 0; equals = pair.indexOf("=", nameStart)) {
    if (isSecret(pair.slice(nameStart, equals))) return `${pair.slice(0, equals)}=***`;
    nameStart = equals + 1;
  }
  return pair;
}

function isSecret(sent: string): boolean {
  const text = sent.includes("%") ? decodedAscii(sent) : sent;
  return SECRET_WORD.test(text) || SECRET_NAMES.has(text.slice(text.lastIndexOf("?") + 1).toLowerCase());
}

/** As those who read the query do, as far as the names of secrets need it. */
function decodedAscii(text: string): string {
  return text.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
