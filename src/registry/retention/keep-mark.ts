import type { KeepMark } from "../../metadata/index.ts";
import type { Settings } from "../settings/settings.ts";

/** What keeps tags where no node says which annotations and labels do. */
export const KEEP_MARK = "dev.berth.keep";

/** So that it can be shown. */
const MAX_VALUE = 200;

/** The names of annotations and labels that keep the tags of what has them. */
export function keepingNames({ "keep-labels": said }: Settings): readonly string[] {
  return said ? said.value : [KEEP_MARK];
}

/** What annotations, or the labels of an image, say that keeps its tags; nothing, `false` and `no` do not. */
export function keepMarkOf(
  said: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[],
): KeepMark | undefined {
  if (!said) return undefined;
  for (const name of names) {
    const value = Object.hasOwn(said, name) ? said[name] : undefined;
    if (typeof value === "string" && !/^(?:|false|no|0)$/i.test(value))
      return { name, value: value.slice(0, MAX_VALUE) };
  }
  return undefined;
}
