import acme, { type Authorization } from "acme-client";

import type { AcmeChallenge, AcmeOptions } from "../options.ts";
import { TlsError } from "../tls-error.ts";
import type { AlpnCertificate, AlpnChallengePort } from "../tls-source.ts";
import { startAlpnResponder } from "./alpn-responder.ts";
import { type DnsRecord, runDnsHook } from "./dns-hook.ts";
import { HttpChallengeServer } from "./http-challenge-server.ts";

/** One challenge of one host that the certificate authority wants answered. */
export interface Challenge {
  readonly authorization: Authorization;
  readonly token: string;
  /** For `dns-01` the value of the record, else what RFC 8555 calls the key authorization. */
  readonly keyAuthorization: string;
}

/** The way in which this registry proves that its hosts are its own. */
export interface ChallengeAnswers {
  /** Makes the answer visible to the world; resolves when it is. */
  open(challenge: Challenge): Promise<void>;
  close(challenge: Challenge): Promise<void>;
  /** Only `tls-alpn-01` has a use for it. */
  useAlpnPort(port: AlpnChallengePort | undefined): void;
  stop(): Promise<void>;
}

type Address = { readonly hostname: string; readonly port: number };

/** @throws TlsError when the settings of the challenge do not fit or its port cannot be had */
export function openChallengeAnswers(options: AcmeOptions, listenAddress: Address | undefined): ChallengeAnswers {
  return openers[options.challenge](options, listenAddress);
}

const openers: Record<AcmeChallenge, typeof openChallengeAnswers> = {
  "http-01": ({ httpAddress, hosts }, listenAddress) =>
    new HttpAnswers(new HttpChallengeServer({ address: httpAddress, hosts, httpsPort: listenAddress?.port ?? 443 })),
  "dns-01": ({ dnsHookPath }) => {
    if (dnsHookPath !== undefined) return new DnsAnswers(dnsHookPath);
    throw new TlsError("options-refused", "challenge dns-01 needs a dnshook");
  },
  "tls-alpn-01": (_options, listenAddress) => {
    if (listenAddress) return new AlpnAnswers(listenAddress);
    throw new TlsError("options-refused", "challenge tls-alpn-01 needs a TCP port, not a unix socket");
  },
};

class HttpAnswers implements ChallengeAnswers {
  readonly #server: HttpChallengeServer;

  constructor(server: HttpChallengeServer) {
    this.#server = server;
  }

  open(challenge: Challenge): Promise<void> {
    this.#server.open(challenge.token, challenge.keyAuthorization);
    return Promise.resolve();
  }

  close(challenge: Challenge): Promise<void> {
    this.#server.close(challenge.token);
    return Promise.resolve();
  }

  useAlpnPort(): void {
    // The registry's own port has no part in this.
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

class DnsAnswers implements ChallengeAnswers {
  readonly #hookPath: string;
  /** Hooks edit one zone, so they run one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(hookPath: string) {
    this.#hookPath = hookPath;
  }

  open(challenge: Challenge): Promise<void> {
    return this.#run("present", challenge);
  }

  close(challenge: Challenge): Promise<void> {
    return this.#run("cleanup", challenge);
  }

  useAlpnPort(): void {
    // The registry's own port has no part in this.
  }

  /** Does not wait for a program that waits for name servers. */
  stop(): Promise<void> {
    return Promise.resolve();
  }

  #run(action: "present" | "cleanup", challenge: Challenge): Promise<void> {
    const done = this.#last.then(() => runDnsHook(this.#hookPath, action, recordOf(challenge)));
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function recordOf({ authorization, keyAuthorization }: Challenge): DnsRecord {
  const host = authorization.identifier.value;
  return { host, name: `_acme-challenge.${host}`, value: keyAuthorization };
}

/** Answers on the registry's own port: by itself before the registry listens, through the listener afterwards. */
class AlpnAnswers implements ChallengeAnswers {
  readonly #address: Address;
  readonly #certificates = new Map<string, AlpnCertificate>();
  #port: AlpnChallengePort | undefined;
  #end: Promise<() => Promise<void>> | undefined;

  constructor(address: Address) {
    this.#address = address;
  }

  useAlpnPort(port: AlpnChallengePort | undefined): void {
    this.#port = port;
  }

  async open({ authorization, keyAuthorization }: Challenge): Promise<void> {
    const host = authorization.identifier.value.toLowerCase();
    // With its default, an RSA key: of an elliptic curve, the certificate's key usage is one that BoringSSL refuses to serve.
    const [keyPem, certificatePem] = await acme.crypto.createAlpnCertificate(authorization, keyAuthorization);
    this.#certificates.set(host, { host, keyPem: keyPem.toString(), certificatePem: certificatePem.toString() });
    this.#end ??= this.#listen();
    await this.#end;
  }

  async close({ authorization }: Challenge): Promise<void> {
    this.#certificates.delete(authorization.identifier.value.toLowerCase());
    if (this.#certificates.size === 0) await this.stop();
  }

  async stop(): Promise<void> {
    const end = this.#end;
    this.#end = undefined;
    await end?.then((stop) => stop());
  }

  async #listen(): Promise<() => Promise<void>> {
    if (this.#port) return this.#port.answer(this.#certificates);
    const responder = await startAlpnResponder(this.#address, this.#certificates);
    return () => responder.stop();
  }
}
