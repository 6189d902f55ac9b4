/** `*` is any text, none included. For tags, parts of a path and the like; no text makes it slow. */
export function parseTextPattern(text: string): (text: string) => boolean {
  if (!text.includes("*")) return (candidate) => candidate === text;
  const [first = "", ...rest] = text.split("*");
  const last = rest.pop() ?? "";
  return (candidate) => {
    if (candidate.length < first.length + last.length) return false;
    if (!candidate.startsWith(first) || !candidate.endsWith(last)) return false;
    let from = first.length;
    const end = candidate.length - last.length;
    for (const piece of rest) {
      const found = candidate.indexOf(piece, from);
      if (found < 0 || found + piece.length > end) return false;
      from = found + piece.length;
    }
    return from <= end;
  };
}
