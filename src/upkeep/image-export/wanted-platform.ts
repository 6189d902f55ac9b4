import { type Descriptor, RegistryError } from "../../oci/index.ts";

/** `linux/amd64`, `linux/arm/v7`. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  /** Absent: any. */
  readonly variant?: string | undefined;
}

/** @throws RegistryError `bad-request` */
export function parsePlatform(text: string): WantedPlatform {
  const [os = "", architecture = "", variant, ...more] = text.split("/");
  if (os === "" || architecture === "" || variant === "" || more.length > 0)
    throw new RegistryError(
      "bad-request",
      `${JSON.stringify(text)} is no platform, such as linux/amd64 or linux/arm/v7`,
    );
  return { os, architecture, variant };
}

export function isOfPlatform({ platform }: Descriptor, wanted: WantedPlatform): boolean {
  if (platform?.os !== wanted.os || platform.architecture !== wanted.architecture) return false;
  return wanted.variant === undefined || platform.variant === wanted.variant;
}
