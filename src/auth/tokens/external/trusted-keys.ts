import type { JWK } from "jose";
import type { X509Certificate } from "node:crypto";
import type { Clock } from "../../../runtime/index.ts";
import { parseCertificates } from "./certificate-chain.ts";
import { FollowedFile, type ReportFault } from "./followed-file.ts";
import { keysOfCertificates, keysOfSet, type NamedKeys } from "./named-keys.ts";
import type { ExternalTokenOptions } from "./options.ts";
import { type FetchKeySet, RemoteKeySet } from "./remote-key-set.ts";

export interface TrustedKeysParts {
  readonly fetch: FetchKeySet;
  readonly clock: Clock;
  readonly report: ReportFault;
}

interface Bundle {
  readonly roots: readonly X509Certificate[];
  readonly keys: NamedKeys;
}

interface Sources {
  readonly bundle: FollowedFile<Bundle> | undefined;
  readonly file: FollowedFile<NamedKeys> | undefined;
  readonly remote: RemoteKeySet | undefined;
}

/** What is trusted of another server's tokens, as files and the server itself say at the moment. */
export class TrustedKeys {
  readonly #sources: Sources;
  readonly #report: ReportFault;

  /** Does not need the server to answer, but the files to be right. @throws Error that names what cannot be used */
  static async open(
    { certificatesPath, keySet }: Pick<ExternalTokenOptions, "certificatesPath" | "keySet">,
    parts: TrustedKeysParts,
  ): Promise<TrustedKeys> {
    const sources: Sources = {
      bundle: certificatesPath === undefined ? undefined : await FollowedFile.open(certificatesPath, parseBundle),
      file: keySet && "path" in keySet ? await FollowedFile.open(keySet.path, keysOfSet) : undefined,
      remote: keySet && "url" in keySet ? new RemoteKeySet(keySet.url, parts) : undefined,
    };
    await sources.remote?.refresh();
    return new TrustedKeys(sources, parts.report);
  }

  private constructor(sources: Sources, report: ReportFault) {
    this.#sources = sources;
    this.#report = report;
  }

  get roots(): readonly X509Certificate[] {
    return this.#sources.bundle?.current.roots ?? [];
  }

  find(name: string): JWK | undefined {
    const { bundle, file, remote } = this.#sources;
    return file?.current.get(name) ?? remote?.current.get(name) ?? bundle?.current.keys.get(name);
  }

  /** Whether a key may only be missing because a server does not answer. */
  get isIncomplete(): boolean {
    return this.#sources.remote?.isFailing ?? false;
  }

  /** Looks whether something has changed. @returns whether something has */
  async follow(): Promise<boolean> {
    const { bundle, file, remote } = this.#sources;
    const news = [bundle?.follow(this.#report), file?.follow(this.#report), remote?.follow()];
    return (await Promise.all(news.filter((each) => each !== undefined))).includes(true);
  }

  /** For a key that is not there. @returns whether there is something new */
  async askAgain(): Promise<boolean> {
    return (await this.#sources.remote?.refresh()) ?? false;
  }
}

async function parseBundle(pem: string): Promise<Bundle> {
  const roots = parseCertificates(pem);
  return { roots, keys: await keysOfCertificates(roots) };
}
