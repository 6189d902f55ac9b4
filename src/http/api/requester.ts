import type { Change } from "../../access/index.ts";
import type { Requester } from "../../upkeep/index.ts";
import type { ApiCaller } from "./api-caller.ts";

/** Who asks for work that is done later. */
export function requesterOf({ account, by }: ApiCaller, { asker }: Change): Requester {
  const { subjects, systemRole } = asker;
  return { ...(account && { accountId: account.id }), subjects: [...subjects], systemRole, ...by };
}
