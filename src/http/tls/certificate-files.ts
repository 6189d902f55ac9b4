import { readFile } from "node:fs/promises";
import { errorCode, messageOf } from "../../runtime/index.ts";
import { type CertificatePair, parseCertificatePair, parseCertificates } from "./certificate-pair.ts";
import { FollowedFiles } from "./followed-files.ts";
import type { CertificateFilesOptions } from "./options.ts";
import { type TlsFault, TlsError } from "./tls-error.ts";
import type { ReportProblem } from "./tls-source.ts";

export interface FileDependencies {
  readonly reportProblem: ReportProblem;
  readonly pollIntervalMs: number;
}

/**
 * Reads a certificate and its key from files and follows their changes. A new pair that is broken or does not fit is
 * reported, and the old one stays in use.
 *
 * @throws TlsError when the pair cannot be used at the start
 */
export function openCertificateFiles(
  options: CertificateFilesOptions,
  dependencies: FileDependencies,
): Promise<FollowedFiles<CertificatePair>> {
  const { certificatePath, keyPath } = options;
  return FollowedFiles.open({
    paths: [certificatePath, keyPath],
    read: () => readPair(certificatePath, keyPath),
    ...dependencies,
  });
}

/**
 * Reads the authorities of client certificates and follows their changes.
 *
 * @throws TlsError `authority-unreadable`
 */
export function openClientAuthorities(
  paths: readonly string[],
  dependencies: FileDependencies,
): Promise<FollowedFiles<readonly string[]>> {
  return FollowedFiles.open({ paths, read: () => Promise.all(paths.map(readAuthority)), ...dependencies });
}

async function readPair(certificatePath: string, keyPath: string): Promise<CertificatePair> {
  return parseCertificatePair({
    certificate: { pem: await readPem(certificatePath, "certificate-unreadable"), from: certificatePath },
    key: { pem: await readPem(keyPath, "key-unreadable"), from: keyPath },
  });
}

async function readAuthority(path: string): Promise<string> {
  const pem = await readPem(path, "authority-unreadable");
  try {
    return parseCertificates(pem, path)
      .map((each) => each.toString())
      .join("");
  } catch (cause) {
    throw new TlsError("authority-unreadable", `${path} cannot be an authority of client certificates`, { cause });
  }
}

async function readPem(path: string, fault: TlsFault): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new TlsError(fault, `${path} cannot be read: ${describeFault(cause)}`, { cause });
  }
}

function describeFault(cause: unknown): string {
  const code = errorCode(cause);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission is missing for the user that the registry runs as";
  return messageOf(cause);
}
