/** What can be wrong with certificates and the settings around them. */
export type TlsFault =
  | "certificate-unreadable"
  | "key-unreadable"
  | "pair-mismatch"
  | "authority-unreadable"
  | "options-refused"
  | "cache-unusable"
  | "challenge-failed"
  | "order-failed";

/** A certificate, key or setting of TLS that cannot be used; the message names the file or setting and the remedy. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly reason: TlsFault;

  constructor(reason: TlsFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
