import type { Change } from "../../access/index.ts";
import type { Changeable, RegistryChange } from "../../registry/index.ts";
import type { ApiParts } from "./api-parts.ts";
import type { ApiCall } from "./route.ts";

/** A change of content that is made by way of the management API, as the registry's rules take it. */
export function registryChangeOf({
  change,
  caller,
}: Pick<ApiCall, "caller"> & { readonly change: Change }): RegistryChange {
  return {
    queries: change.queries,
    nowMs: change.nowMs,
    by: caller.by,
    record: (deed) => change.record(deed),
  };
}

/** For the question whether content may be changed at all. */
export function changeableOf({ metadata, clock, registryOptions: options }: ApiParts): Changeable {
  return { metadata, clock, options };
}
