const SECRET_PARAMETER =
  /([?&](?:[^=&]*(?:token|secret|passw(?:or)?d|signature|credential)[^=&]*|code|client_assertion|assertion)=)[^&#]*/gi;

/** A request's target or a referer as it may be written down: what its query carries as token, password or code is masked. */
export function maskTarget(target: string): string {
  return target.includes("?") ? target.replaceAll(SECRET_PARAMETER, "$1***") : target;
}
