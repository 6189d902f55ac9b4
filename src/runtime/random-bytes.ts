/** As many random bytes as it is asked for, which nobody can guess. */
export type RandomBytes = (count: number) => Uint8Array;
