import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Makes Linux give every new connection to the newest of the sockets that share a port, as long as there are no more than two;
 * it would else deal them out by chance. So the older socket's last connections can be served in peace before it is closed: to
 * close it earlier would reset those that are still shaking hands.
 *
 * One call serves the port for as long as any of its sockets is open: the kernel keeps the sockets of a port in the order in
 * which they came and the filter with the port, and where the filter's choice does not exist it takes the only one there is.
 *
 * @returns false where that is not possible: another system, or a sandbox that forbids it
 */
export function steerToNewest(port: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const socket = findListeningSocket(port);
    return socket !== undefined && attachFilter(socket);
  } catch {
    return false;
  }
}

/** Bun does not tell the descriptor of a listening socket; the kernel does. */
function findListeningSocket(port: number): number | undefined {
  const inodes = new Set(["tcp", "tcp6"].flatMap((family) => listeningInodes(family, port)));
  const descriptor = readdirSync("/proc/self/fd").find((name) => inodes.has(inodeOf(name)));
  return descriptor === undefined ? undefined : Number(descriptor);
}

const listenState = "0A";

function listeningInodes(family: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync(`/proc/self/net/${family}`, "utf8").split("\n");
  const columns = rows.map((row) => row.trim().split(/\s+/u));
  return columns.flatMap(([, local, , state, , , , , , inode]) =>
    state === listenState && local?.endsWith(suffix) && inode !== undefined ? [inode] : [],
  );
}

function inodeOf(descriptor: string): string {
  try {
    return /^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1] ?? "";
  } catch {
    return ""; // closed meanwhile
  }
}

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;

function attachFilter(socket: number): boolean {
  const returnOne = new Uint8Array(8); // struct sock_filter { u16 code; u8 jt, jf; u32 k }
  new DataView(returnOne.buffer).setUint16(0, 0x06, true); // BPF_RET | BPF_K
  new DataView(returnOne.buffer).setUint32(4, 1, true); // the second socket
  const program = new Uint8Array(16); // struct sock_fprog { u16 length; sock_filter *filter }
  new DataView(program.buffer).setUint16(0, 1, true);
  new DataView(program.buffer).setBigUint64(8, BigInt(ptr(returnOne)), true);
  const libc = openLibc();
  try {
    const failed = libc.symbols.setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, program.byteLength);
    return failed === 0 && returnOne.byteLength > 0; // the latter also keeps the filter alive until here
  } finally {
    libc.close();
  }
}

function openLibc() {
  const functions = { setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } } as const;
  try {
    return dlopen("libc.so.6", functions);
  } catch {
    return dlopen("libc.so", functions); // musl
  }
}
