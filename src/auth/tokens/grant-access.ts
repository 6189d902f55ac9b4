import type { Soon } from "../../runtime/index.ts";
import type { Identity } from "../sign-in/sign-in.ts";
import type { TokenAccess } from "./token-access.ts";

/**
 * Decides what of the access that is wanted a token is given. Names are as the client wrote them: some name nothing that there
 * can be.
 * @param identity `undefined`: nobody in particular
 * @returns what they may do of it; the rest is left out
 * @throws RegistryError `password-change-needed`
 */
export type GrantAccess = (
  identity: Identity | undefined,
  wanted: readonly TokenAccess[],
) => Soon<readonly TokenAccess[]>;
