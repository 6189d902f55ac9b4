import { UsageError } from "./usage-error.ts";

/** What people call the root of the namespace tree; in the API it is empty. */
const ROOT = "/";

/** A namespace as the API has it in bodies and queries. @throws UsageError for nothing at all, as an empty variable of a shell is */
export function parseNode(text: string): string {
  if (text === "") throw new UsageError(`a namespace is wanted, such as team; the root of all is ${ROOT}`);
  return text === ROOT ? "" : text.replace(/^\/|\/$/g, "");
}

/** A namespace as the API has it in paths. */
export function nodeInPath(text: string): string {
  return parseNode(text) || "_root";
}

/** A namespace as people read it. */
export function showNode(path: string | null): string {
  return path === "" ? ROOT : (path ?? "nowhere");
}

/** `anna` is `user:anna`, and `team+ci` is `robot:team+ci`; all else is as it is written. */
export function parseSubject(text: string): string {
  if (text.includes(":") || text === "signed-in" || text === "anonymous") return text;
  return text.includes("+") ? `robot:${text}` : `user:${text}`;
}
