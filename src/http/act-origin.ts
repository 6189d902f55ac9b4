import type { ActOrigin } from "../metadata/index.ts";
import type { ClientView } from "./forwarded.ts";

/** Who acts by a request. The address is asked for when somebody wants it; the object may be spread all the same. */
export function actOriginOf(
  actor: string | undefined,
  client: Pick<ClientView, "remoteAddress">,
  requestId: string,
): ActOrigin {
  return {
    actor,
    requestId,
    get address() {
      return client.remoteAddress || undefined;
    },
  };
}
