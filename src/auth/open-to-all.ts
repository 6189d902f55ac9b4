import type { Authenticator } from "./authenticator.ts";
import { ANONYMOUS } from "./principal.ts";

/** Lets everybody in, whatever credentials a client sends. */
export const openToAll: Authenticator = {
  challenge: "",
  authenticate: () => ANONYMOUS,
  close: () => undefined,
};
