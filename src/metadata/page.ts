/** A page of names in byte order. */
export interface NamePage {
  /** Exclusive; `""` starts at the first. It need not exist. */
  readonly after: string;
  /** How many at most. */
  readonly limit: number;
}
