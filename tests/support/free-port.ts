/** A TCP port of 127.0.0.1 that was free a moment ago. Start the server at once: nothing holds the port for it. */
export function takeFreePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
