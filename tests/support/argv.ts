/**
 * Writes a command as one line: words are split at white space, a value stays one argument whatever it holds, and joins the
 * text that it touches. A list becomes as many arguments.
 *
 *     argv`skopeo copy ${flags} oci:${folder} docker://${host}/app:1`
 */
export function argv(texts: TemplateStringsArray, ...values: (string | number | readonly string[])[]): string[] {
  const words: string[] = [];
  let current: string | undefined;
  const endWord = () => {
    if (current !== undefined) words.push(current);
    current = undefined;
  };
  for (const [index, text] of texts.entries()) {
    for (const part of text.split(/(\s+)/)) {
      if (part.trim() === "") {
        if (part !== "") endWord();
      } else current = (current ?? "") + part;
    }
    const value = values[index];
    if (typeof value === "string" || typeof value === "number") current = `${current ?? ""}${value}`;
    else if (value !== undefined) words.push(...value);
  }
  endWord();
  return words;
}
