import { type Command, InvalidArgumentError } from "commander";
import { COMMAND } from "../../app/index.ts";
import type { ApiCluster, ApiClusterImages } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { count } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { Noun } from "../remote/noun.ts";
import { UsageError } from "../remote/usage-error.ts";
import { type RunningReferences, runningReferences } from "./running-references.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiCluster> = {
  cluster: ({ name }) => name,
  images: ({ images }) => images,
  "not here": ({ unknown }) => unknown,
  heard: ({ heardAt }) => heardAt,
  "held until": ({ holdsUntil, isSilent }) => (isSilent ? "silent, holds nothing" : holdsUntil),
};

const IMAGE_COLUMNS: Columns<ApiClusterImages["running"][number]> = {
  repository: ({ repository }) => repository,
  digest: ({ digest }) => digest,
  since: ({ since }) => since,
  here: ({ isKnown }) => (isKnown ? "yes" : "no"),
};

const REPORT_HELP = `
Reads what this prints, or one image reference a line:
  kubectl get pods -A -o json
All that the cluster runs is said at once: what it said before and does not say now is held no more.

Such as:
  kubectl get pods -A -o json | ${COMMAND} in-use report eu-1 --registry registry.example`;

interface ReportFlags {
  readonly registry?: readonly string[];
  readonly empty?: boolean;
}

/** `berth in-use …` */
export function registerInUseCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("in-use").description("say what clusters run, so that it stays");
  new Noun(command, surroundings)
    .verb<ReportFlags>(
      "report <cluster>",
      "say what a cluster runs now, read from standard input",
      async ({ client, out, flags, person, server }, cluster = "") => {
        const registries = flags.registry ?? [hostOf(server)];
        const found = runningReferences(await person.readPiped(), registries);
        requireMeant(found, registries, flags.empty ?? false);
        const reported = await client.put<ApiCluster>(at`/in-use/${cluster}`, { images: found.images });
        out.done(describeReport(reported, found), reported);
      },
      (verb) =>
        verb
          .option(
            "--registry <host>",
            "what images of this registry begin with (default: the server's host); may be there several times",
            addRegistry,
          )
          .option("--empty", "the cluster may run nothing of this registry")
          .addHelpText("after", REPORT_HELP),
    )
    .verb("list", "list the clusters that have said what they run", async ({ client, out }) =>
      out.list(await client.list<ApiCluster>("/in-use"), COLUMNS),
    )
    .verb("show <cluster>", "show what a cluster runs", async ({ client, out }, cluster = "") =>
      out.list((await client.get<ApiClusterImages>(at`/in-use/${cluster}`)).running, IMAGE_COLUMNS),
    )
    .verb(
      "forget <cluster>",
      "forget a cluster: what it runs is held no more",
      async ({ client, out, confirm }, cluster = "") => {
        await confirm(`Forget ${cluster}, so that what it runs may go?`);
        await client.delete(at`/in-use/${cluster}`);
        out.done(`${cluster} holds nothing any more.`);
      },
    );
}

function addRegistry(host: string, before: readonly string[] = []): readonly string[] {
  if (/^[^/\s]+$/.test(host)) return [...before, host];
  throw new InvalidArgumentError("It is a host, with its port, as images begin with it: registry.example:5000.");
}

/** @throws UsageError where no server is known, as with `--local` */
function hostOf(server: string): string {
  const url = URL.parse(server);
  if (!url) throw new UsageError("What do images of this registry begin with? Say --registry registry.example");
  return url.host;
}

/** What comes of a command that failed, or under another name of this registry, is no report: it would end all leases. @throws UsageError */
function requireMeant(
  { images, elsewhere, unread }: RunningReferences,
  registries: readonly string[],
  isEmptyMeant: boolean,
): void {
  if (images.length > 0 || (elsewhere > 0 && isEmptyMeant)) return;
  if (elsewhere > 0)
    throw new UsageError(
      `none of ${count(elsewhere, "image")} begins with ${registries.join(" or ")}: say --registry as the cluster calls this registry, or --empty if it runs nothing of it`,
    );
  if (unread > 0)
    throw new UsageError(
      `none of ${count(unread, "line")} is an image with a digest, such as registry.example/team/app@sha256:…`,
    );
  if (!isEmptyMeant) throw new UsageError("no image was read: say --empty if the cluster runs none");
}

function describeReport({ name, images, unknown }: ApiCluster, { elsewhere, unread }: RunningReferences): string {
  const others = [
    ...(unknown !== null && unknown > 0 ? [`${unknown} of them not here`] : []),
    ...(elsewhere > 0 ? [`${count(elsewhere, "image")} of other registries left out`] : []),
    ...(unread > 0 ? [`${count(unread, "line")} without a digest left out`] : []),
  ];
  return `${[`${name} runs ${count(images, "image")} of this registry`, ...others].join("; ")}.`;
}
