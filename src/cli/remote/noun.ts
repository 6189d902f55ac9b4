import type { Command } from "commander";
import {
  EXIT_IO,
  EXIT_NO_INPUT,
  EXIT_NO_PERMISSION,
  EXIT_UNAVAILABLE,
  EXIT_USAGE,
  type Terminal,
} from "../terminal.ts";
import { ApiClient, ApiRefusal, ApiUnreachable } from "./api-client.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { connect } from "./connect.ts";
import { ConnectError } from "./connect-error.ts";
import { NotDone } from "./not-done.ts";
import { Output } from "./output.ts";
import { Interrupted, NobodyToAsk, Person } from "./person.ts";
import { UsageError } from "./usage-error.ts";

/** What every command over the API takes. */
interface SharedFlags {
  readonly server?: string;
  readonly local?: string | true;
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** One command at work. */
export interface Work<Flags> {
  readonly client: ApiClient;
  readonly out: Output;
  readonly flags: Flags;
  readonly person: Person;
  /** What `berth login` takes to get there. */
  readonly server: string;
  /** Goes on only if the person says so, or has said so by `--yes`. */
  readonly confirm: (question: string) => Promise<void>;
}

type Run<Flags> = (work: Work<Flags>, ...args: string[]) => Promise<void>;

/** The person has thought better of it. */
class Declined extends Error {
  override readonly name = "Declined";
}

/** A noun of the command line, such as `user`, with its verbs over the API. */
export class Noun {
  readonly #command: Command;
  readonly #surroundings: CommandSurroundings;

  constructor(command: Command, surroundings: CommandSurroundings) {
    this.#command = command;
    this.#surroundings = surroundings;
  }

  /** @param signature the verb and its arguments, such as `show <name>` */
  verb<Flags = object>(
    signature: string,
    description: string,
    run: Run<Flags>,
    configure: (command: Command) => Command = (command) => command,
  ): this {
    const command = configure(this.#command.command(signature).description(description));
    withSharedOptions(command).action(async (...args: unknown[]) => {
      const flags = command.opts<Flags & SharedFlags>();
      // An argument that may be there several times comes as a list.
      const given = args.slice(0, -2).flatMap((arg) => arg as string | string[]);
      const code = await runWork(flags, this.#surroundings, (work) => run(work, ...given));
      this.#surroundings.setExitCode(code);
    });
    return this;
  }
}

/** Of an argument that is one of a few words; completion offers them, too. */
export function oneOf(verb: Command, name: string, words: readonly string[]): Command {
  verb.registeredArguments.find((argument) => argument.name() === name)?.choices(words);
  return verb;
}

/** For every command that asks a registry. */
export const SERVER_OPTION = [
  "--server <server>",
  "the registry (default: BERTH_SERVER, else the one that was signed in to last)",
] as const;

function withSharedOptions(command: Command): Command {
  return command
    .option(...SERVER_OPTION)
    .option(
      "--local [config.yml]",
      "work on the database of this configuration, beside a running registry or without one",
    )
    .option("--json", "write JSON")
    .option("-y, --yes", "ask nothing");
}

/** Connects, works and tells what went wrong. @returns the exit code */
export async function runWork<Flags extends SharedFlags>(
  flags: Flags,
  surroundings: CommandSurroundings,
  run: (work: Work<Flags>) => Promise<void>,
): Promise<number> {
  const { terminal } = surroundings;
  const out = new Output(terminal.stdout, flags.json ?? false);
  return tellingPerson(terminal, async (person) => {
    const confirm = (question: string) => confirmBy(person, question, flags.yes ?? false);
    const connection = await connect(flags, surroundings);
    try {
      const { server = "<server>" } = connection;
      await run({ client: new ApiClient(connection), out, flags, person, server, confirm });
    } finally {
      await connection.close();
    }
  });
}

/** As {@link telling}, with the person who may be asked. */
export async function tellingPerson(terminal: Terminal, work: (person: Person) => Promise<void>): Promise<number> {
  const person = new Person(terminal);
  const exitCode = await telling(() => work(person), terminal);
  await person.close();
  return exitCode;
}

async function confirmBy(person: Person, question: string, isConfirmed: boolean): Promise<void> {
  if (isConfirmed) return;
  if (!person.isThere) throw new NobodyToAsk(`${question} Say --yes: there is no terminal to ask at`);
  const answer = await person.ask(`${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer)) throw new Declined("nothing was changed");
}

/** Works and tells what went wrong. @returns the exit code */
export async function telling(work: () => Promise<void>, terminal: Terminal): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    return tell(error, terminal);
  }
}

/** Says what went wrong, if it is one of the things that may. @returns the exit code */
function tell(error: unknown, { stderr }: Terminal): number {
  const known = EXIT_CODES.find(([kind]) => error instanceof kind);
  if (!known || !(error instanceof Error)) throw error;
  if (error.message !== "") stderr.write(`${error.message}\n`);
  return known[1](error);
}

type Kind = abstract new (...args: never[]) => Error;

const EXIT_CODES: readonly (readonly [Kind, (error: Error) => number])[] = [
  [ApiRefusal, (error) => codeOfRefusal(error as ApiRefusal)],
  [ApiUnreachable, () => EXIT_UNAVAILABLE],
  [ConnectError, (error) => (error as ConnectError).exitCode],
  [NotDone, (error) => (error as NotDone).exitCode],
  [NobodyToAsk, () => EXIT_USAGE],
  [UsageError, () => EXIT_USAGE],
  [Interrupted, () => 130],
  [Declined, () => 1],
];

/** What was refused as such is 1, so that a script can tell it from what it could not ask at all. */
function codeOfRefusal({ problem: { status } }: ApiRefusal): number {
  if (status === 401 || status === 403) return EXIT_NO_PERMISSION;
  if (status === 404) return EXIT_NO_INPUT;
  if (status === 400) return EXIT_USAGE;
  return status >= 500 ? EXIT_IO : 1;
}
