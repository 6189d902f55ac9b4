import { randomUUID } from "node:crypto";
import { openAccounts } from "../access-parts.ts";
import { readRules } from "../../access/index.ts";
import type { Config } from "../../config/index.ts";
import { type ApiCaller, createApiDoor } from "../../http/index.ts";
import { loadAccessRules, MetadataError, openSqlite } from "../../metadata/index.ts";
import { systemClock } from "../../runtime/index.ts";
import { jobOffers } from "../run-jobs.ts";
import { QuotaRefusals } from "../../registry/index.ts";
import { tellRefusals } from "./tell-refusals.ts";
import { requireDatabase } from "./require-database.ts";
import { registryOptions } from "../room-options.ts";
import { TaskError } from "./task-error.ts";
import { VERSION } from "../version.ts";

/** The management API without a server, for who is at the machine and has its database. */
export interface LocalApi {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Opens the database that a configuration names, beside a running registry, which sees each change at once, or without one.
 * @param actor who works on it, for the audit trail
 * @throws TaskError
 */
export async function openLocalApi(config: Config, actor: string): Promise<LocalApi> {
  const path = await requireDatabase(config);
  const metadata = await openSqlite(path).catch((error: unknown) => {
    throw error instanceof MetadataError ? new TaskError("failed", `${error.message}.`, { cause: error }) : error;
  });
  const requestId = randomUUID();
  const from = { actor: undefined, address: undefined, requestId };
  const quotaRefusals = new QuotaRefusals();
  const door = createApiDoor({
    base: "/api/v1",
    metadata,
    clock: systemClock,
    accounts: openAccounts({ config, metadata }),
    // Who serves finds what was asked for when it looks next.
    jobs: { offers: jobOffers(config), lookNow: () => undefined, noteCancelled: () => undefined },
    rules: async () => readRules(await loadAccessRules(metadata.reads)),
    authenticate: () => administratorOf(actor, requestId),
    registryOptions: registryOptions(config),
    quotaRefusals,
    service: { version: VERSION, signIn: [] },
  });
  return {
    fetch: (request) => door.fetch({ request, from, origin: "", introduce: () => undefined }),
    async close() {
      try {
        await tellRefusals({ metadata, clock: systemClock, options: registryOptions(config), quotaRefusals });
      } finally {
        await metadata.close();
      }
    },
  };
}

/** Who has the database can do everything with it anyway. */
function administratorOf(actor: string, requestId: string): ApiCaller {
  return {
    account: undefined,
    asker: { subjects: [], systemRole: "administrator" },
    by: { actor, address: undefined, requestId },
    isLimited: false,
    isBySession: false,
    isByPassword: false,
    may: () => true,
    maySee: () => true,
  };
}
