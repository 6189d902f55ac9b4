import { type Act, type ActOrigin, loadAccessRules, type MetadataDatabase, type Queries } from "../metadata/index.ts";
import { recordAct } from "../metadata/index.ts";
import type { Clock } from "../runtime/index.ts";
import type { Asker } from "./rules/access-rules.ts";
import type { Viewer } from "./rules/authority.ts";
import { readRules } from "./rules/read-rules.ts";

/** Who changes something, and from where. */
export interface Changer {
  /** Absent: somebody of whom no rule says anything. */
  readonly asker?: Asker | undefined;
  readonly from: ActOrigin;
}

/** What was done, for the audit trail. */
export type Deed = Pick<Act, "act" | "target" | "detail">;

/** A change of accounts or rules on its way: all that is done by it stands together, and on record, or nothing does. */
export interface Change {
  /** Of its transaction. */
  readonly queries: Queries;
  readonly nowMs: number;
  /** Who makes it, under the rules as they are by now: what is permitted is decided by the rules that it changes. */
  viewer(): Promise<Viewer>;
  /** Puts on record what has been done. */
  record(deed: Deed): Promise<void>;
}

/** Makes a change in one transaction. What `make` throws undoes it. */
export function makeChange<T>(
  { metadata, clock }: { readonly metadata: MetadataDatabase; readonly clock: Clock },
  by: Changer,
  make: (change: Change) => Promise<T>,
): Promise<T> {
  return metadata.transaction((queries) => make(new OpenChange(queries, by, clock.nowMs())));
}

class OpenChange implements Change {
  readonly queries: Queries;
  readonly nowMs: number;
  readonly #by: Changer;
  /** Until something is changed. */
  #viewer: Promise<Viewer> | undefined;

  constructor(queries: Queries, by: Changer, nowMs: number) {
    this.queries = queries;
    this.nowMs = nowMs;
    this.#by = by;
  }

  viewer(): Promise<Viewer> {
    this.#viewer ??= this.#findViewer();
    return this.#viewer;
  }

  async record(deed: Deed): Promise<void> {
    this.#viewer = undefined;
    await recordAct(this.queries, { ...this.#by.from, ...deed, atMs: this.nowMs, outcome: "success" });
  }

  async #findViewer(): Promise<Viewer> {
    const rules = readRules(await loadAccessRules(this.queries));
    return { rules, asker: this.#by.asker ?? { subjects: [] }, nowMs: this.nowMs };
  }
}
