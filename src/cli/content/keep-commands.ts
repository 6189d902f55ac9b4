import { type Command, InvalidArgumentError } from "commander";
import type { ApiKeep } from "../../http/index.ts";
import { at } from "../remote/api-client.ts";
import type { Noun } from "../remote/noun.ts";
import { parseEnd } from "../remote/parse-end.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiKeep> = {
  kept: ({ reference }) => reference,
  until: ({ until }) => until ?? "for good",
  reason: ({ reason }) => reason,
  by: ({ by }) => by,
  since: ({ time }) => time,
};

interface KeepFlags {
  readonly until?: string | null;
  readonly reason?: string;
}

/** `berth tag keep`, `unkeep` and `kept`. */
export function addKeepVerbs(noun: Noun): Noun {
  return noun
    .verb<KeepFlags>(
      "keep <tag>",
      "keep a tag such as team/app:1.2 from retention, or a manifest (team/app@sha256:…) with all its tags",
      async ({ client, out, flags: { until = null, reason } }, reference = "") => {
        const kept = await client.put<ApiKeep>(pathOf(reference), { until, reason });
        out.done(`${reference} stays${kept.until === null ? "" : ` until ${kept.until}`}.`, kept);
      },
      (verb) =>
        takingReference(verb)
          .option("--until <time>", "when that ends: 90d, 2027-01-31 or never (default)", parseEnd)
          .option("--reason <text>", "why, for those who wonder"),
    )
    .verb(
      "unkeep <tag>",
      "let a tag or a manifest that was kept go as the rules say",
      async ({ client, out }, reference = "") => {
        await client.delete(pathOf(reference));
        out.done(`${reference} is kept no more.`);
      },
      takingReference,
    )
    .verb(
      "kept <repository>",
      "list the tags and manifests of a repository that somebody keeps, and why",
      async ({ client, out }, repository = "") =>
        out.list(await client.list<ApiKeep>(at`/repositories/${repository}/keeps`), COLUMNS),
    );
}

function pathOf(text: string): string {
  const { repository, reference } = parse(text);
  return at`/repositories/${repository}/keeps/${reference}`;
}

function parse(text: string) {
  const [, repository, tag, digest] = /^([^:@\s]+)(?::([^:@/\s]+)|@([a-z0-9]+:[0-9a-f]+))$/.exec(text) ?? [];
  const reference = tag ?? digest;
  if (repository !== undefined && reference !== undefined) return { repository, reference };
  throw new InvalidArgumentError("It is written <repository>:<tag>, such as team/app:1.0, or <repository>@<digest>.");
}

/** What is neither is told before anything is asked. */
function takingReference(verb: Command): Command {
  verb.registeredArguments[0]?.argParser((text) => {
    parse(text);
    return text;
  });
  return verb;
}
