import { isPermitted, type Viewer } from "../../access/index.ts";
import { RegistryError } from "../../oci/index.ts";

/** For the place that something is to have; that is not told to be there or not. @throws RegistryError `denied` */
export function requireMayPush(viewer: Viewer, to: string): void {
  if (isPermitted(viewer, { path: to, action: "push" })) return;
  throw new RegistryError("denied", `push on ${to} is not permitted to you`);
}
