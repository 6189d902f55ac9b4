import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../../runtime/index.ts";
import { type CertificatePair, parseCertificatePair } from "../certificate-pair.ts";
import { TlsError } from "../tls-error.ts";

/**
 * The folder where an ACME account and its certificate outlive the process:
 *
 *     <folder>/<directory of the authority>/account.key       PEM
 *     <folder>/<directory of the authority>/account.url
 *     <folder>/<directory of the authority>/<first host>.pem  key and chain in one file, so that they change together
 *
 * Readable for nobody but the user that the registry runs as.
 */
export class AcmeCache {
  readonly #folder: string;
  readonly #certificatePath: string;

  /** @throws TlsError `cache-unusable` */
  static async open(cacheDirectory: string, directoryUrl: string, hosts: readonly string[]): Promise<AcmeCache> {
    const cache = new AcmeCache(join(cacheDirectory, fileName(directoryUrl.replace(/^https?:\/\//u, ""))), hosts);
    try {
      await mkdir(cache.#folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw unusable(cacheDirectory, cause);
    }
    return cache;
  }

  private constructor(folder: string, hosts: readonly string[]) {
    this.#folder = folder;
    this.#certificatePath = join(folder, `${fileName(hosts[0] ?? "certificate")}.pem`);
  }

  /** For messages. */
  get certificatePath(): string {
    return this.#certificatePath;
  }

  findAccountKey(): Promise<string | undefined> {
    return readIfThere(join(this.#folder, "account.key"));
  }

  findAccountUrl(): Promise<string | undefined> {
    return readIfThere(join(this.#folder, "account.url"));
  }

  putAccountKey(pem: string): Promise<void> {
    return this.#put(join(this.#folder, "account.key"), pem);
  }

  putAccountUrl(url: string): Promise<void> {
    return this.#put(join(this.#folder, "account.url"), url);
  }

  /** @throws TlsError when the file is there but holds no fitting pair */
  async findPair(): Promise<CertificatePair | undefined> {
    const pem = await readIfThere(this.#certificatePath);
    if (pem === undefined) return undefined;
    const text = { pem, from: this.#certificatePath };
    return parseCertificatePair({ certificate: text, key: text });
  }

  putPair(pair: CertificatePair): Promise<void> {
    return this.#put(this.#certificatePath, `${pair.keyPem}${pair.certificatePem}`);
  }

  async #put(path: string, text: string): Promise<void> {
    const draft = `${path}.new`;
    try {
      await rm(draft, { force: true });
      await writeFile(draft, text, { mode: 0o600, flush: true });
      await rename(draft, path);
    } catch (cause) {
      throw unusable(path, cause);
    }
  }
}

/** A name of a host or an address of the web as a name of a file: `*.a.example` becomes `_.a.example`. */
function fileName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.-]+/gu, "_").replaceAll(/^\.+|[_.]+$/gu, "") || "default";
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): TlsError {
  const code = errorCode(cause);
  // registry:2 before 2.7 kept one file under this name.
  const words =
    code === "EEXIST" || code === "ENOTDIR"
      ? "there is a file, and Berth keeps a folder: name another path"
      : String(cause instanceof Error ? cause.message : cause);
  return new TlsError("cache-unusable", `the ACME cache ${path} cannot be used: ${words}`, { cause });
}
