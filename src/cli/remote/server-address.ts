/**
 * What people call a server as a URL without a slash at its end: `registry.example` is `https://registry.example`, and this
 * machine is spoken to without TLS.
 * @throws RangeError
 */
export function parseServer(text: string): string {
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::|\/|$)/.test(text);
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `${isHere ? "http" : "https"}://${text}`);
  if (!url || url.username !== "" || url.search !== "" || url.hash !== "")
    throw new RangeError(`"${text}" is no server: write a host such as registry.example, or a URL`);
  return url.href.replace(/\/+$/, "");
}
