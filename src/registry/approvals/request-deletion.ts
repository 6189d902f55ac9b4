import { type DeleteRequest, findAccountRecord, openDeleteRequest } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { findRequestTarget, type RequestedDeletion } from "./request-target.ts";

/** Of one person: nobody could look at more. */
const MOST_OPEN = 1000;

/**
 * Asks for a second person, on record; of the same there is one request.
 * @throws RegistryError `denied` for a robot: who may make one would ask by it, and approve it alone; and for who asks for very many
 */
export async function requestDeletion(
  change: RegistryChange,
  wish: RequestedDeletion,
  withinMs: number,
): Promise<DeleteRequest> {
  const { queries, nowMs, by } = change;
  const { path, subject } = wish;
  if (by.actor !== undefined && (await findAccountRecord(queries, by.actor))?.kind === "robot")
    throw new RegistryError("denied", `to delete ${subject} of ${path} two persons are needed: it is not for robots`);
  const target = await findRequestTarget(queries, wish);
  const work = JSON.stringify(wish.work);
  const times = { requestedAtMs: nowMs, expiresAtMs: nowMs + withinMs };
  const asked = { path, subject, target, work, requestedBy: by.actor ?? null, ...times };
  const opened = await openDeleteRequest(queries, asked, MOST_OPEN);
  if (!opened)
    throw new RegistryError(
      "denied",
      `${MOST_OPEN} deletes of yours wait for a second person: have some decided first`,
    );
  const { request, isNew } = opened;
  if (isNew) await change.record({ act: "approval.request", target: path, detail: { request: request.id, subject } });
  return request;
}

/** What the client is told. */
export function waitsForApproval({ id, path, subject, expiresAtMs }: DeleteRequest): RegistryError {
  const until = new Date(expiresAtMs).toISOString();
  return new RegistryError(
    "denied",
    `to delete ${subject} of ${path} waits for a second person until ${until}: request ${id}, which another person approves by berth approval approve ${id}`,
    { detail: { request: id } },
  );
}
