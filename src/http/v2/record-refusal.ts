import { referenceText, RegistryError } from "../../oci/index.ts";
import { QuotaExceededError, recordRefused } from "../../registry/index.ts";
import { actOriginOf, type Exchange } from "./exchange.ts";
import type { ParsedRoute } from "./match-route.ts";

/**
 * Puts into the audit trail that somebody who is signed in wanted to change what they may not. What sends only a client on to
 * other credentials is none of this.
 * @throws RegistryError the same refusal, with why it could not be recorded as its cause
 */
export async function recordRefusal(exchange: Exchange, error: unknown): Promise<void> {
  const { registry, request, route } = exchange;
  if (!(error instanceof RegistryError) || error.kind !== "denied") return;
  if (error instanceof QuotaExceededError) registry.quotaRefusals.note(error);
  const act = actOf(route, request.method);
  if (act === undefined) return;
  const by = actOriginOf(exchange);
  const target = "name" in route ? route.name : undefined;
  if (by.actor === undefined) return;
  try {
    await recordRefused(registry, { ...by, act, target, detail: detailOf(route) });
  } catch (cause) {
    // Whoever may not do it is told so, whatever the state of the database is; the log has it.
    throw new RegistryError(error.kind, error.message, { details: error.details, cause });
  }
}

/** As what is done is recorded; `blob.push` stands for all that an upload is made of. */
function actOf(route: ParsedRoute, method: string): string | undefined {
  if (route.kind === "uploads" || route.kind === "upload") return "blob.push";
  if (route.kind === "blob") return "blob.delete";
  if (route.kind !== "manifest") return undefined;
  if (method === "PUT") return "manifest.push";
  return `${route.reference.kind === "tag" ? "tag" : "manifest"}.delete`;
}

function detailOf(route: ParsedRoute): Readonly<Record<string, string>> | undefined {
  if (route.kind === "blob") return { digest: route.digest };
  if (route.kind !== "manifest") return undefined;
  return { [route.reference.kind]: referenceText(route.reference) };
}
