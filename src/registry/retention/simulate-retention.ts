import type { DatedTag, UseGap } from "../../metadata/index.ts";
import type { Digest, Tag } from "../../oci/index.ts";
import type { Settings } from "../settings/settings.ts";
import { type FindHolder, keepHeld } from "./judge-repository.ts";
import { judgeTags } from "./judge-tags.ts";
import { type IndexChildren, keepReferred } from "./keep-referred.ts";
import type { TagEvent } from "./replay-tags.ts";

export interface Simulation {
  /** In the order of time. */
  readonly events: readonly TagEvent[];
  /** As they are now. */
  readonly current: readonly DatedTag[];
  readonly settings: Settings;
  /** When the rules would have been applied, the earliest first. */
  readonly timesMs: readonly number[];
  /** When no use was put on record, the latest first. */
  readonly gaps: readonly UseGap[];
  /** What holds a tag now. */
  readonly holderOf: FindHolder;
  /** Of the indexes that tags point at, or did. */
  readonly children: IndexChildren;
}

/** A tag that would have gone. */
export interface SimulatedExpiry {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly pushedAtMs: number;
  readonly goneAtMs: number;
  /** For people. */
  readonly reason: string;
  /** When somebody has pushed or moved it after that; `undefined`: nobody. */
  readonly backAtMs: number | undefined;
}

/** Which tags rules would have removed in the past, and when; others have their turn between the times. */
export async function simulateRetention(simulation: Simulation): Promise<readonly SimulatedExpiry[]> {
  const past = new Past(simulation);
  for (const atMs of simulation.timesMs) {
    past.goOnTo(atMs);
    past.applyRules(atMs);
    await new Promise(setImmediate);
  }
  past.goOnTo(Infinity);
  return past.expiries;
}

class Past {
  readonly expiries: SimulatedExpiry[] = [];
  readonly #simulation: Simulation;
  /** As they would be if the rules had been applied. */
  readonly #tags = new Map<Tag, TagEvent & { readonly digest: Digest }>();
  readonly #gone = new Map<Tag, number>();
  readonly #current: ReadonlyMap<Tag, DatedTag>;
  #next = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#current = new Map(simulation.current.map((tag) => [tag.tag, tag]));
  }

  /** Inclusive. */
  goOnTo(atMs: number): void {
    const { events } = this.#simulation;
    for (let event = events[this.#next]; event && event.atMs <= atMs; event = events[++this.#next]) this.#happen(event);
  }

  applyRules(atMs: number): void {
    const { settings, gaps, holderOf, children } = this.#simulation;
    const tags = [...this.#tags.values()].map((event) => this.#knownOf(event, atMs));
    const held = keepHeld(judgeTags(tags, settings, { nowMs: atMs, gaps }), holderOf, atMs);
    for (const { tag, digest, pushedAtMs, isKept, reason } of keepReferred(held, children)) {
      if (isKept) continue;
      this.#tags.delete(tag);
      this.#gone.set(tag, this.expiries.length);
      this.expiries.push({ tag, digest, pushedAtMs, goneAtMs: atMs, reason, backAtMs: undefined });
    }
  }

  #happen(event: TagEvent): void {
    const { tag, digest, atMs } = event;
    const place = this.#gone.get(tag);
    const expiry = place === undefined ? undefined : this.expiries[place];
    if (digest === null) this.#tags.delete(tag);
    else this.#tags.set(tag, { ...event, digest });
    if (!expiry || place === undefined) return;
    // A tag that was deleted later was gone before.
    if (digest !== null) this.expiries[place] = { ...expiry, backAtMs: atMs };
    this.#gone.delete(tag);
  }

  /** As much as is known of a tag as it was then: of uses only the last. */
  #knownOf({ tag, digest, atMs: pushedAtMs }: TagEvent & { readonly digest: Digest }, atMs: number): DatedTag {
    const now = this.#current.get(tag);
    const isSame = now?.digest === digest && now.pushedAtMs === pushedAtMs;
    const usedAtMs = now?.usedAtMs !== undefined && now.usedAtMs !== null && now.usedAtMs <= atMs ? now.usedAtMs : null;
    return {
      tag,
      digest,
      isIndex: this.#simulation.children.has(digest),
      pushedAtMs,
      expiresAtMs: isSame ? now.expiresAtMs : null,
      usedAtMs,
      isUseGuessed: now?.isUseGuessed ?? false,
      mark: now?.digest === digest ? now.mark : null,
    };
  }
}
