import type { AccessRequest, Caller } from "../../access/index.ts";
import { RegistryError, type RegistryErrorKind, type RepositoryName } from "../../oci/index.ts";
import { findMovedName, type MayFollow, QuotaExceededError, RepositoryMoved } from "../../registry/index.ts";
import type { Exchange } from "./exchange.ts";
import { type Need, NEEDS, requireAccess } from "./require-access.ts";

/** What a request may fail with whose name leads elsewhere. */
const ABOUT_NAMES: ReadonlySet<RegistryErrorKind> = new Set<RegistryErrorKind>([
  "blob-unknown",
  "denied",
  "name-unknown",
  "scope-insufficient",
  "unauthorized",
  "upload-unknown",
]);

/** The exchange by the name that the repository has now, after it has failed by the one that it had; `undefined`: it does not help. */
export async function afterFailure<E extends Exchange>(
  exchange: E,
  need: Need,
  error: unknown,
): Promise<E | undefined> {
  const isAboutName = error instanceof RegistryError && ABOUT_NAMES.has(error.kind);
  // Quotas were asked by the name that the repository has now.
  if (!isAboutName || error instanceof QuotaExceededError || exchange.request.bodyUsed) return undefined;
  return byNewName(exchange, need);
}

/**
 * The exchange by the name that the repository has now; `undefined` if there is no other, and for who may not do there what they ask for:
 * they must not learn of it.
 */
export async function byNewName<E extends Exchange>(exchange: E, need: Need): Promise<E | undefined> {
  const { route, registry, askedAs } = exchange;
  if (!("name" in route) || askedAs !== undefined) return undefined;
  const name = await findMovedName(registry, route.name);
  if (name === undefined) return undefined;
  const moved = { ...exchange, ...renamed(exchange, route.name, name), route: { ...route, name } };
  if (!(await isGranted(moved, need))) return undefined;
  exchange.noteMoved?.(name);
  return moved;
}

async function isGranted(exchange: Exchange, need: Need): Promise<boolean> {
  try {
    return (await requireAccess(exchange, need)) === "granted";
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}

/** Pushes where the repository is by now, if it was moved and that is permitted. */
export async function pushing<E extends Exchange, T>(exchange: E, push: (exchange: E) => Promise<T>): Promise<T> {
  try {
    return await push(exchange);
  } catch (error) {
    const moved = error instanceof RepositoryMoved ? await byNewName(exchange, NEEDS.push) : undefined;
    if (!moved) throw error;
    return push(moved);
  }
}

/** For a push of bytes, which come once. */
export function mayFollow(exchange: Exchange): MayFollow {
  return async (to) => {
    const { route } = (await byNewName(exchange, NEEDS.push)) ?? {};
    return route !== undefined && "name" in route && route.name === to;
  };
}

function renamed({ caller, authenticator }: Exchange, from: RepositoryName, to: RepositoryName) {
  return {
    askedAs: from,
    caller: asking(caller, from, to),
    authenticator: {
      authenticate: async (...given: Parameters<Exchange["authenticator"]["authenticate"]>) =>
        asking(await authenticator.authenticate(...given), from, to),
    },
  };
}

/** The caller, whose token is for the name that they know. */
function asking(caller: Caller, from: RepositoryName, to: RepositoryName): Caller {
  const asked = (request: AccessRequest) => (request.path === to ? { ...request, askedAs: from } : request);
  return {
    principal: caller.principal,
    hasToken: caller.hasToken,
    refusalOf: (request) => caller.refusalOf(asked(request)),
    maySee: (path) => caller.maySee(path),
    isLetIn: caller.isLetIn,
    mayList: caller.mayList,
    tokenEndedAtMs: caller.tokenEndedAtMs,
  };
}
