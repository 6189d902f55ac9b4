/** How browsers sign in and out. What they are allowed to do then is decided elsewhere. */
export { createSignInDoors } from "./sign-in-doors.ts";
export type { SignInParts } from "./sign-in-parts.ts";
