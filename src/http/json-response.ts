/** An answer in JSON that says how long it is, for the logs too. */
export function jsonResponse(
  body: unknown,
  init: { status?: number; headers?: Headers | Record<string, string>; hasBody?: boolean } = {},
): Response {
  const text = JSON.stringify(body);
  const headers = new Headers(init.headers);
  if (!headers.has("Content-Type")) headers.set("Content-Type", "application/json");
  headers.set("Content-Length", String(Buffer.byteLength(text)));
  return new Response(init.hasBody === false ? null : text, { status: init.status ?? 200, headers });
}
