import { TlsError } from "../tls-error.ts";
import { messageOf } from "../../../runtime/index.ts";

export interface DnsRecord {
  /** As in the certificate, without `*.`. */
  readonly host: string;
  /** `_acme-challenge.<host>` */
  readonly name: string;
  /** What the TXT record has to hold, beside what it may hold already. */
  readonly value: string;
}

const dnsHookTimeoutMs = 10 * 60_000;

/**
 * Lets the operator's program set or clear a TXT record: `hook present|cleanup <host> <record name> <value>`. It has succeeded
 * when it exits with 0, and by then the record must be visible to the world. It gets the registry's environment.
 *
 * @throws TlsError `challenge-failed` with what the program printed
 * @spec RFC 8555, section 8.4
 */
export async function runDnsHook(
  hookPath: string,
  action: "present" | "cleanup",
  record: DnsRecord,
  timeoutMs: number = dnsHookTimeoutMs,
): Promise<void> {
  const command = [hookPath, action, record.host, record.name, record.value];
  const hook = start(command, timeoutMs);
  const [exitCode, printed] = await Promise.all([hook.exited, readEnd(hook.stderr)]);
  if (exitCode === 0) return;
  const how = hook.signalCode === "SIGKILL" ? `was killed after ${timeoutMs / 1000} s` : `ended with ${exitCode}`;
  throw new TlsError("challenge-failed", `${hookPath} ${action} ${record.name} ${how}${printed && `: ${printed}`}`);
}

function start(command: string[], timeoutMs: number): Bun.Subprocess<"ignore", "ignore", "pipe"> {
  try {
    return Bun.spawn(command, {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
  } catch (cause) {
    const words = messageOf(cause);
    throw new TlsError("challenge-failed", `the hook ${command[0]} cannot be started: ${words}`, { cause });
  }
}

const keptCharacters = 2000;

async function readEnd(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let end = "";
  for await (const chunk of stream) end = (end + decoder.decode(chunk, { stream: true })).slice(-keptCharacters);
  return end.trim();
}
