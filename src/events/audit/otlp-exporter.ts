import type { Log } from "../../runtime/index.ts";
import type { OtlpOptions } from "../options.ts";
import type { AuditExporter } from "./audit-exporter.ts";
import { otlpLogs, type OtlpOrigin } from "./otlp-logs.ts";

const TIMEOUT_MS = 10_000;
/** More than this of an answer is not looked at. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Sends acts to a collector, OTLP over HTTP in JSON. Whatever it refuses is sent again until it takes it: what is wrong may be its
 * address or a password, and an act is not to be lost for that.
 * @spec OTLP 1.9, "OTLP/HTTP"
 */
export function createOtlpExporter({ endpoint, headers }: OtlpOptions, origin: OtlpOrigin, log: Log): AuditExporter {
  const { origin: server, pathname } = new URL(endpoint);
  return {
    name: "otlp",
    target: `${server}${pathname}`,
    async send(records, signal) {
      const answer = await fetch(endpoint, {
        method: "POST",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify(otlpLogs(records, origin)),
        // The headers may hold a password, which is for this end point alone.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const text = await readStart(answer);
      if (!answer.ok) throw new Error(`the collector answered ${answer.status}: ${text.slice(0, 200)}`);
      const { rejected, reason } = rejectionIn(text);
      if (rejected > 0) log.warn("a collector refused acts of the audit trail", { rejected, reason });
    },
    close: () => Promise.resolve(),
  };
}

async function readStart({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The specification forbids to send them again. */
function rejectionIn(text: string): { readonly rejected: number; readonly reason: unknown } {
  try {
    const { partialSuccess } = JSON.parse(text) as {
      readonly partialSuccess?: { readonly rejectedLogRecords?: string | number; readonly errorMessage?: string };
    };
    return { rejected: Number(partialSuccess?.rejectedLogRecords ?? 0), reason: partialSuccess?.errorMessage };
  } catch {
    return { rejected: 0, reason: undefined };
  }
}
