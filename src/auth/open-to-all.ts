import type { Authenticator } from "./authenticator.ts";
import { EVERYBODY } from "../access/index.ts";

/** Lets everybody in, whatever credentials a client sends. */
export const openToAll: Authenticator = {
  challenge: () => "",
  authenticate: () => EVERYBODY,
};
