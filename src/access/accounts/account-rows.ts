import {
  findAccountRecord,
  type Queries,
  raiseAccountGeneration,
  removeRefreshSecrets,
  removeWebSessionsOf,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";

/** Users and robots have different names. @throws RegistryError `conflict` */
export async function requireFreeName(queries: Queries, name: string): Promise<void> {
  if (await findAccountRecord(queries, name))
    throw new RegistryError("conflict", `there is an account ${name} already`, { detail: { name } });
}

/** Tokens end with the generation, refresh tokens and browsers' sessions with their rows. */
export async function endTokens(queries: Queries, accountId: number): Promise<void> {
  await raiseAccountGeneration(queries, accountId);
  await removeRefreshSecrets(queries, { accountId, keep: 0 });
  await removeWebSessionsOf(queries, accountId);
}
