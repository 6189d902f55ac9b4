import { findHtpasswdProblems } from "../auth/index.ts";
import type { Config } from "../config/index.ts";

/** What is wrong with the files that a good configuration names, as far as a start would warn of it too. */
export function findFileProblems({ auth }: Config): readonly string[] {
  if (auth.kind !== "htpasswd") return [];
  return findHtpasswdProblems(auth.path).map((problem) => `auth.htpasswd.path: ${problem}`);
}
