import { type ActOrigin, recordIfPossible, type RecordParts } from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import { type Clock, RecentlyUsed, type Soon, whenThere } from "../../runtime/index.ts";
import { type Account, isUsable } from "../../access/index.ts";
import type { CertificateRules } from "./certificate-rules.ts";
import { parseCertificate } from "./parse-certificate.ts";

export interface CertificateSignInParts extends RecordParts {
  readonly rules: CertificateRules;
  readonly clock: Clock;
}

/** Whom a certificate stands for, and when. */
interface Holder {
  /** For people to find it: SHA-256. */
  readonly fingerprint: string;
  readonly name: string | undefined;
  readonly notBeforeMs: number;
  /** Inclusive. */
  readonly notAfterMs: number;
}

type Refusal = "expired" | "unknown-user" | "disabled";

/** A sign-in stands in the audit trail once in this time, for each certificate, client's address and outcome. */
const RECORD_EVERY_MS = 60 * 60 * 1000;
/** About how much memory it may take to know what was recorded. */
const RECORDED_BYTES = 1024 * 1024;
const ENTRY_BYTES = 250;

/** Finds the accounts of those who have shown a certificate, which somebody else has verified. */
export class CertificateSignIn {
  readonly #parts: CertificateSignInParts;
  readonly #holders = new WeakMap<Uint8Array, Holder>();
  readonly #recordedAtMs = new RecentlyUsed<number>(RECORDED_BYTES);

  constructor(parts: CertificateSignInParts) {
    this.#parts = parts;
  }

  /**
   * The account that a certificate stands for. It must be there: none is made.
   *
   * @param certificate DER; for a connection always the same array, as it is read once
   * @returns `undefined`: no rule is about it, so that it says nothing
   * @throws RegistryError `login-failed`
   */
  accountOf(
    certificate: Uint8Array,
    find: (name: string) => Soon<Account | undefined>,
    from: ActOrigin,
  ): Soon<Account | undefined> {
    const holder = this.#holderOf(certificate);
    const nowMs = this.#parts.clock.nowMs();
    if (holder.name === undefined) return undefined;
    if (nowMs < holder.notBeforeMs || nowMs > holder.notAfterMs) return this.#refuse(holder, "expired", from);
    return whenThere(find(holder.name), (account) => {
      if (!account) return this.#refuse(holder, "unknown-user", from);
      if (!isUsable(account, nowMs)) return this.#refuse(holder, "disabled", from);
      return whenThere(this.#record(holder, account, from), () => account);
    });
  }

  #holderOf(certificate: Uint8Array): Holder {
    const known = this.#holders.get(certificate);
    if (known) return known;
    const holder = readHolder(certificate, this.#parts.rules);
    this.#holders.set(certificate, holder);
    return holder;
  }

  async #refuse(holder: Holder, refusal: Refusal, from: ActOrigin): Promise<never> {
    await this.#record(holder, refusal, from);
    // Which of the reasons it was is for the audit trail.
    throw new RegistryError("login-failed", "the client certificate stands for nobody who may sign in", {
      detail: { user: shorten(holder.name ?? "") },
    });
  }

  /** At once if it stands there already. */
  #record({ fingerprint, name = "" }: Holder, outcome: Account | Refusal, from: ActOrigin): Soon<void> {
    const nowMs = this.#parts.clock.nowMs();
    const isGood = typeof outcome === "object";
    const key = `${fingerprint} ${from.address ?? ""} ${isGood ? "" : outcome}`;
    if (nowMs - (this.#recordedAtMs.get(key)?.value ?? Number.NEGATIVE_INFINITY) < RECORD_EVERY_MS) return undefined;
    this.#recordedAtMs.set(key, nowMs, ENTRY_BYTES);
    const detail = {
      method: "certificate",
      fingerprint,
      ...(isGood ? { source: outcome.source } : { reason: outcome }),
    };
    const act = { act: "sign-in", target: shorten(name), detail, atMs: nowMs } as const;
    const outcomeOfAct = isGood ? "success" : "failure";
    return recordIfPossible(this.#parts, { ...from, actor: shorten(name), ...act, outcome: outcomeOfAct });
  }
}

/** A certificate that cannot be read is nobody's, as one that no rule is about. */
function readHolder(certificate: Uint8Array, rules: CertificateRules): Holder {
  const fingerprint = Bun.SHA256.hash(certificate, "hex");
  try {
    const names = parseCertificate(certificate);
    const { notBeforeMs, notAfterMs } = names;
    return { fingerprint, name: rules.nameOf(names), notBeforeMs, notAfterMs };
  } catch (error) {
    if (error instanceof RangeError) return { fingerprint, name: undefined, notBeforeMs: 0, notAfterMs: 0 };
    throw error;
  }
}
