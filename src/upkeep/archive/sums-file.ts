/** The checksums of all files of a bundle, as `sha256sum -c` checks them. */
export const SUMS_FILE = "SHA256SUMS";
