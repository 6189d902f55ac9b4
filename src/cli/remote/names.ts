/** What people call the root of the namespace tree; in the API it is empty. */
const ROOT = "/";

/** A namespace as the API has it in bodies and queries. */
export function parseNode(text: string): string {
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
