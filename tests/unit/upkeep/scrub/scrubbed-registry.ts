import { expect } from "bun:test";
import { RegistryError, type Digest, type RepositoryName } from "../../../../src/oci/index.ts";
import {
  blobKeyOf,
  getBlob,
  getBlobHead,
  putWholeBlob,
  readBlob,
  type Registry,
} from "../../../../src/registry/index.ts";
import { type Finding, scrub, type Scrub, type ScrubOutcome } from "../../../../src/upkeep/index.ts";
import { type Content, contentOf } from "../../../support/oci-content.ts";
import { streamOf } from "../../../support/stream-of.ts";

export const app = "team/app" as RepositoryName;

export async function push(registry: Registry, text: string, repository = app): Promise<Content> {
  const content = contentOf(text);
  await putWholeBlob(registry, { repository, digest: content.digest, body: streamOf([content.bytes]) });
  return content;
}

/** Puts other bytes, without anybody's notice, where the blob's lie. */
export function damage({ storage }: Registry, { digest }: Content, text: string): Promise<void> {
  return storage.write(blobKeyOf(digest), contentOf(text).bytes);
}

export interface Scrubbed extends ScrubOutcome {
  readonly findings: readonly Finding[];
}

export async function runScrub(registry: Registry, options: Partial<Scrub> = {}): Promise<Scrubbed> {
  const findings: Finding[] = [];
  const { signal } = new AbortController();
  const onFinding = (finding: Finding) => void findings.push(finding);
  const outcome = await scrub({ registry, bytesPerSecond: 0, signal, onFinding, ...options });
  return { ...outcome, findings };
}

/** What clients get: of `HEAD` and of `GET`. */
export async function seenByClients(registry: Registry, digest: Digest): Promise<readonly [string, string]> {
  const kindOf = (error: unknown) => {
    expect(error).toBeInstanceOf(RegistryError);
    return (error as RegistryError).kind as string;
  };
  const head = await Promise.try(() => getBlobHead(registry, app, digest)).then(() => "there", kindOf);
  const read = async () => new Response(await readBlob(registry, await getBlob(registry, app, digest))).text();
  return [head, await read().catch(kindOf)];
}
