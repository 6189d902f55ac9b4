/** How browsers sign in and out. What they are allowed to do then is decided elsewhere. */
export { createSignInHandler, type SignInHandler } from "./sign-in-handler.ts";
export type { SignInParts, SignInVisit } from "./sign-in-visit.ts";
