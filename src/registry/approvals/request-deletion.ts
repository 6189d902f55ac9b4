import { type DeleteRequest, findAccountRecord, openDeleteRequest } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";

export interface DeletionWish extends Pick<DeleteRequest, "path" | "subject"> {
  /** What is done when it is approved. */
  readonly work: { readonly kind: "content" } | { readonly kind: "deletion"; readonly input: unknown };
}

/**
 * Asks for a second person, on record; of the same there is one request.
 * @throws RegistryError `denied` for a robot: who may make one would ask by it, and approve it alone
 */
export async function requestDeletion(
  change: RegistryChange,
  { path, subject, work }: DeletionWish,
  withinMs: number,
): Promise<DeleteRequest> {
  const { queries, nowMs, by } = change;
  if (by.actor !== undefined && (await findAccountRecord(queries, by.actor))?.kind === "robot")
    throw new RegistryError("denied", `to delete ${subject} of ${path} two persons are needed: it is not for robots`);
  const times = { requestedAtMs: nowMs, expiresAtMs: nowMs + withinMs };
  const asked = { path, subject, work: JSON.stringify(work), requestedBy: by.actor ?? null, ...times };
  const request = await openDeleteRequest(queries, asked);
  if (request.requestedAtMs === nowMs)
    await change.record({ act: "approval.request", target: path, detail: { request: request.id, subject } });
  return request;
}

/** What the client is told. */
export function waitsForApproval({ id, path, subject, expiresAtMs }: DeleteRequest): RegistryError {
  const until = new Date(expiresAtMs).toISOString();
  return new RegistryError(
    "denied",
    `to delete ${subject} of ${path} waits for a second person until ${until}: request ${id}, berth approval approve ${id}`,
    { detail: { request: id } },
  );
}
