import { afterEach, beforeEach, expect, test } from "bun:test";
import { findRequestTarget, requireSameTarget } from "../../../src/registry/approvals/request-target.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../support/memory-registry.ts";
import type { Content } from "../../support/oci-content.ts";
import { app, pushImage, pushManifest, remove } from "../upkeep/gc/collected-registry.ts";

let memory: MemoryRegistry;
let image: Content;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  image = await pushImage(memory.registry, "image", { reference: "old" });
});
afterEach(() => memory.close());

const pushed = (reference: string) => pushManifest(memory.registry, image, { reference });

test.each([
  ["got another tag", false, () => pushed("prod")],
  ["lost its tag", false, () => remove(memory.registry, "old")],
  ["was deleted", false, () => remove(memory.registry, image.digest)],
  ["was pushed again by its tag", true, () => pushed("old")],
  ["was pushed again by its digest", true, () => pushed(image.digest)],
])(
  "a manifest that %s since its delete was asked for is the same, whatever the clock says: %p",
  async (_, isSame, change) => {
    const queries = memory.registry.metadata.reads;
    const wish = { path: app, subject: image.digest, work: { kind: "content" } } as const;
    const target = await findRequestTarget(queries, wish);
    memory.clock.atMs -= 1000;
    await change();
    const refusal = await requireSameTarget(queries, wish, target).catch((error: Error) => error.message);
    if (isSame) expect(refusal).toBeUndefined();
    else expect(refusal).toContain("another one since this was asked for");
  },
);
