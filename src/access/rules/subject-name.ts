import {
  findAccountRecord,
  findAccountRecordById,
  findGroupRecord,
  findGroupRecordById,
  type Queries,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Subject } from "./access-rules.ts";

/** What people call a subject: `user:anna`, `robot:team+ci`, `group:developers`, `source:htpasswd`, `signed-in`. */
export type SubjectName = string;

const NAME = /^(user|robot|group|source):(.+)$/s;

/**
 * @throws RegistryError `bad-request` for what is no subject, `not-found` if there is nobody of that name
 */
export async function getSubject(queries: Queries, text: SubjectName): Promise<Subject> {
  if (text === "signed-in") return "signed-in";
  const [, kind, name] = NAME.exec(text) ?? [];
  if (kind === undefined || name === undefined) throw notASubject(text);
  if (kind === "source") return `source:${name}`;
  if (kind === "group") {
    const group = await findGroupRecord(queries, name);
    if (group) return `group:${group.id}`;
  } else {
    const account = await findAccountRecord(queries, name);
    if (account?.kind === kind) return `account:${account.id}`;
  }
  throw new RegistryError("not-found", `there is no ${kind} ${shorten(name)}`);
}

function notASubject(text: string): RegistryError {
  const message = `"${shorten(text)}" is nobody: write user:NAME, robot:NAME, group:NAME, source:NAME or signed-in`;
  return new RegistryError("bad-request", message);
}

/** The names of many, each looked up once. */
export class SubjectNames {
  readonly #queries: Queries;
  readonly #known = new Map<string, Promise<SubjectName>>();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  of(subject: string): Promise<SubjectName> {
    const known = this.#known.get(subject);
    if (known) return known;
    const name = nameOf(this.#queries, subject);
    this.#known.set(subject, name);
    return name;
  }
}

async function nameOf(queries: Queries, subject: string): Promise<SubjectName> {
  const [kind, id = ""] = subject.split(":");
  if (kind === "account") {
    const account = await findAccountRecordById(queries, Number(id));
    return account ? `${account.kind}:${account.name}` : subject;
  }
  if (kind === "group") {
    const group = await findGroupRecordById(queries, Number(id));
    return group ? `group:${group.name}` : subject;
  }
  return subject;
}
