import { readFile } from "node:fs/promises";
import { Agent } from "node:https";

import acme from "acme-client";

import { type CertificatePair, parseCertificatePair } from "../certificate-pair.ts";
import type { AcmeOptions } from "../options.ts";
import { TlsError } from "../tls-error.ts";
import type { AcmeCache } from "./acme-cache.ts";
import type { ChallengeAnswers } from "./challenge-answers.ts";
import { messageOf } from "../../../runtime/index.ts";

/** How patiently the certificate authority is asked whether it is done. */
export interface AcmePace {
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  readonly requestTimeoutMs: number;
  /** Of a whole order. */
  readonly orderTimeoutMs: number;
}

export const usualPace: AcmePace = {
  pollMinMs: 2000,
  pollMaxMs: 30_000,
  requestTimeoutMs: 30_000,
  orderTimeoutMs: 30 * 60_000,
};

export interface OrderParts {
  readonly options: AcmeOptions;
  readonly cache: AcmeCache;
  readonly answers: ChallengeAnswers;
  readonly pace: AcmePace;
  /** Gives the order up. */
  readonly signal: AbortSignal;
}

/**
 * Orders a certificate for all hosts from the authority, with a new key, and proves control over each host. The account is
 * made at the first order; by ordering, the operator's agreement to the authority's terms is passed on.
 *
 * @throws TlsError `order-failed`
 * @spec RFC 8555, section 7
 */
export async function orderCertificate(parts: OrderParts): Promise<CertificatePair> {
  const { options, pace, signal } = parts;
  try {
    return await endInTime(order(parts), pace.orderTimeoutMs, signal);
  } catch (cause) {
    const words = messageOf(cause);
    const what = `no certificate for ${options.hosts.join(", ")} from ${options.directoryUrl}`;
    throw new TlsError("order-failed", `${what}: ${words}`, { cause });
  }
}

async function order({ options, cache, answers, pace }: OrderParts): Promise<CertificatePair> {
  const client = await openClient(options, cache, pace);
  const [key, csr] = await acme.crypto.createCsr(
    { altNames: [...options.hosts] },
    await acme.crypto.createPrivateEcdsaKey(),
  );
  const chain = await client.auto({
    csr,
    termsOfServiceAgreed: true,
    ...(options.email !== undefined && { email: options.email }),
    challengePriority: [options.challenge],
    // The check from inside would need the world's view of names and ports; the authority has it.
    skipChallengeVerification: true,
    challengeCreateFn: (authorization, { type, token }, keyAuthorization) => {
      if (type === options.challenge) return answers.open({ authorization, token, keyAuthorization });
      const host = authorization.identifier.value;
      throw new TlsError("challenge-failed", `the authority does not offer ${options.challenge} for ${host}`);
    },
    challengeRemoveFn: (authorization, { token }, keyAuthorization) =>
      answers.close({ authorization, token, keyAuthorization }),
  });
  await cache.putAccountUrl(client.getAccountUrl());
  const from = "the authority's answer";
  return parseCertificatePair({ certificate: { pem: chain, from }, key: { pem: key.toString(), from } });
}

async function openClient(options: AcmeOptions, cache: AcmeCache, pace: AcmePace): Promise<acme.Client> {
  await configureRequests(options, pace);
  const { externalAccount } = options;
  const accountUrl = await cache.findAccountUrl();
  return new acme.Client({
    directoryUrl: options.directoryUrl,
    accountKey: await accountKey(cache),
    ...(accountUrl !== undefined && { accountUrl }),
    ...(externalAccount && {
      externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.hmacKey },
    }),
    backoffMin: pace.pollMinMs,
    backoffMax: pace.pollMaxMs,
    backoffAttempts: 20,
  });
}

async function accountKey(cache: AcmeCache): Promise<string> {
  const known = await cache.findAccountKey();
  if (known !== undefined) return known;
  const key = (await acme.crypto.createPrivateEcdsaKey()).toString();
  await cache.putAccountKey(key);
  return key;
}

/** acme-client keeps these for the whole process, which has one registry and so one authority. */
async function configureRequests({ directoryCaPath }: AcmeOptions, pace: AcmePace): Promise<void> {
  acme.axios.defaults.timeout = pace.requestTimeoutMs;
  // One repetition of a failed request; whole orders are repeated with pauses that suit an authority's limits.
  Object.assign(acme.axios.defaults, { acmeSettings: { retryMaxAttempts: 1, retryDefaultDelay: 5 } });
  if (directoryCaPath === undefined) return;
  acme.axios.defaults.httpsAgent = new Agent({ ca: await readFile(directoryCaPath, "utf8") });
}

// acme-client cannot be told to stop: it goes on in the background until its next request fails, and nobody listens.
async function endInTime<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  const early = Promise.withResolvers<never>();
  const timer = setTimeout(() => early.reject(new Error(`not done after ${timeoutMs / 1000} s`)), timeoutMs);
  const giveUp = () => early.reject(new Error("given up, because the registry stops"));
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([work, early.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
