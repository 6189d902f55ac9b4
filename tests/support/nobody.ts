import type { ActOrigin } from "../../src/metadata/index.ts";

/** Acts for tests that are not about who acts. */
export const nobody: ActOrigin = { actor: undefined, address: undefined, requestId: undefined };
