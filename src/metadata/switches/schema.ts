/** What is switched on at run time; every process sees it with its next look. */
export interface SwitchesTable {
  /** The room of the source that obeys it. */
  room: string;
  name: string;
  /** For people. */
  reason: string | null;
  actor: string | null;
  since_ms: number;
  /** From then on it is off by itself; `null`: until somebody switches it off. */
  until_ms: number | null;
}
