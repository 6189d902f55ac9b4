import type { RuleBook, Ruler, Viewer } from "../../../access/index.ts";
import type { ApiCall } from "../route.ts";

type Call = Pick<ApiCall<unknown, unknown, unknown>, "parts" | "metadata" | "caller">;

/** Who asks, under the rules as they are now. */
export async function viewerOf({ parts, caller }: Call): Promise<Viewer> {
  return { rules: await parts.rules(), asker: caller.asker, nowMs: parts.clock.nowMs() };
}

/** Who asks, as somebody who changes something. */
export function rulerOf({ caller }: Call): Ruler {
  return { asker: caller.asker, from: caller.by };
}

export function bookOf({ parts, metadata }: Call): RuleBook {
  return { metadata, clock: parts.clock };
}
