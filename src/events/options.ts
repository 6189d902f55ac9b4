/** `audit` of the configuration. */
export interface AuditOptions {
  /** Whether pushes and deletes are recorded. */
  readonly enabled: boolean;
  /** How long acts are kept; 0: for good. */
  readonly retentionMs: number;
  readonly exports: AuditExportOptions;
}

export interface AuditExportOptions {
  readonly syslog: SyslogOptions | undefined;
  readonly otlp: OtlpOptions | undefined;
  readonly file: { readonly path: string } | undefined;
}

export interface SyslogOptions {
  readonly address: SyslogAddress;
  /** The number of RFC 5424. */
  readonly facility: number;
  /** Who may have signed the receiver's certificate; `undefined`: whom the system trusts. */
  readonly caPath: string | undefined;
  /** With which to sign in there, both or neither. */
  readonly certificatePath: string | undefined;
  readonly keyPath: string | undefined;
}

export type SyslogAddress =
  | { readonly transport: "udp" | "tcp" | "tls"; readonly hostname: string; readonly port: number }
  /** A stream, not a datagram socket as `/dev/log` is one. */
  | { readonly transport: "unix"; readonly path: string };

export interface OtlpOptions {
  /** In full, such as `https://collector.example:4318/v1/logs`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}
