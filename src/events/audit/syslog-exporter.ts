import type { ActRecord } from "../../metadata/index.ts";
import type { SyslogOptions } from "../options.ts";
import type { AuditExporter } from "./audit-exporter.ts";
import { sendDatagrams } from "./syslog-datagrams.ts";
import { syslogMessage, type SyslogOrigin } from "./syslog-message.ts";
import { SyslogStream } from "./syslog-stream.ts";

/** Sends messages of RFC 5424 over UDP, TCP, TLS or a unix socket. Syslog acknowledges nothing: see {@link StreamExporter}. */
export function createSyslogExporter(options: SyslogOptions, hostname: string): AuditExporter {
  const origin = { facility: options.facility, hostname };
  const { address } = options;
  if (address.transport !== "udp") return new StreamExporter(options, origin);
  return {
    name: "syslog",
    target: targetOf(options),
    send: (records) =>
      sendDatagrams(
        records.map((record) => syslogMessage(record, origin)),
        address,
      ),
    close: () => Promise.resolve(),
  };
}

function targetOf({ address }: SyslogOptions): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  return `${address.transport}://${address.hostname}:${address.port}`;
}

/** So many acts may have been on their way when a connection breaks. */
const MOST_UNSURE = 500;

/** What was written last before a connection broke may have been lost: it is sent again over the next one. */
class StreamExporter implements AuditExporter {
  readonly name = "syslog";
  readonly target: string;
  readonly #options: SyslogOptions;
  readonly #origin: SyslogOrigin;
  #stream: SyslogStream | undefined;
  #unsure: readonly ActRecord[] = [];

  constructor(options: SyslogOptions, origin: SyslogOrigin) {
    this.target = targetOf(options);
    this.#options = options;
    this.#origin = origin;
  }

  async send(records: readonly ActRecord[], signal: AbortSignal): Promise<void> {
    const first = records[0]?.sequence ?? 0;
    const unsure = this.#unsure.filter(({ sequence }) => sequence < first);
    if (this.#stream?.isOpen) {
      await this.#write(records, signal);
    } else {
      this.#stream?.destroy();
      this.#stream = await SyslogStream.connect(this.#options, signal);
      await this.#write([...unsure, ...records], signal);
    }
    this.#unsure = [...unsure, ...records].slice(-MOST_UNSURE);
  }

  async close(): Promise<void> {
    await this.#stream?.end();
  }

  async #write(records: readonly ActRecord[], signal: AbortSignal): Promise<void> {
    const messages = records.map((record) => syslogMessage(record, this.#origin));
    await this.#stream?.write(messages, signal);
  }
}
