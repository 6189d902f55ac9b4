import { join } from "node:path";
import { runProgram } from "../load/run-load.ts";

/** A certificate and its key as PEM files. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Makes a certificate for 127.0.0.1 with an elliptic key, signed by itself, good for a day. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const certificate = { certificateFile: join(folder, "bench-cert.pem"), keyFile: join(folder, "bench-key.pem") };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", certificate.keyFile];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
  await runProgram(["openssl", "req", "-x509", ...key, ...subject, "-out", certificate.certificateFile], 30);
  return certificate;
}
