import type { Rate, RateLimitOptions } from "../http/options.ts";
import type { Settings } from "./keys/index.ts";

type RateLimitSettings = Settings["http"]["ratelimits"];

/** The limits of clients, or `undefined` if there are none. */
export function buildRateLimits(settings: RateLimitSettings): RateLimitOptions | undefined {
  const { anonymous, users, signins, pulls, exempt } = settings;
  const rates = [anonymous, users, signins, pulls.anonymous, pulls.users];
  if (rates.every(({ requests }) => requests === 0)) return undefined;
  return {
    anonymous: buildRate(anonymous),
    users: buildRate(users),
    signIns: buildRate(signins),
    pulls: { anonymous: buildRate(pulls.anonymous), users: buildRate(pulls.users) },
    exempt,
  };
}

function buildRate({ requests, period }: RateLimitSettings["users"]): Rate | undefined {
  return requests === 0 ? undefined : { requests, periodMs: period };
}
