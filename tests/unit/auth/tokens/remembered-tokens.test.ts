import { expect, test } from "bun:test";
import { RememberedTokens } from "../../../../src/auth/tokens/remembered-tokens.ts";
import type { VerifiedToken } from "../../../../src/auth/tokens/verified-token.ts";
import { StandingClock } from "./token-parts.ts";

test("a token that is being read when all are to be forgotten is read again at its next use", async () => {
  const clock = new StandingClock();
  const verified = { subject: "anna", generation: 0, access: [], limits: [], issuedAtMs: clock.ms };
  const reads: PromiseWithResolvers<VerifiedToken>[] = [];
  const read = () => {
    const reading = Promise.withResolvers<VerifiedToken>();
    reads.push(reading);
    return reading.promise;
  };
  const tokens = new RememberedTokens({ read, clock, isForeign: false });
  const [first, same] = [tokens.verify("a"), tokens.verify("a")];
  tokens.forget();
  reads[0]?.resolve({ ...verified, expiresAtMs: clock.ms + 1000 });
  expect(await same).toEqual(await first);
  const next = tokens.verify("a");
  expect(reads).toHaveLength(2);
  reads[1]?.resolve({ ...verified, expiresAtMs: clock.ms + 2000 });
  expect(await next).toMatchObject({ expiresAtMs: clock.ms + 2000 });
  expect(await tokens.verify("a")).toBe(await next);
});
