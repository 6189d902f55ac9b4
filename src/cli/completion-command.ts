import { Argument, type Command } from "commander";
import type { CommandSurroundings } from "./command-surroundings.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** `berth completion bash`: a script that lets the shell complete every command and option that there is. */
export function registerCompletionCommand(program: Command, { terminal }: Pick<CommandSurroundings, "terminal">): void {
  program
    .command("completion")
    .description('write a script that completes commands, for: eval "$(berth completion bash)"')
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .action((shell: Shell) => void terminal.stdout.write(WRITERS[shell](program.name(), entriesOf(program))));
}

/** What may follow after some words. */
interface Entry {
  /** The words before, with spaces between them; the first is the program's name. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly about: string;
}

function entriesOf(program: Command, before = program.name()): readonly Entry[] {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => command.name() !== "help");
  const options = help
    .visibleOptions(program)
    .flatMap(({ long, description }) => (long ? [{ text: long, about: description }] : []));
  const choices = [...program.registeredArguments, ...program.options]
    .flatMap(({ argChoices = [], description }) => argChoices.map((text) => ({ text, about: description })))
    .filter(({ text }) => text !== "");
  const verbs = commands.map((command) => ({ text: command.name(), about: command.description() }));
  const words = [...verbs, ...choices, ...options];
  return [{ path: before, words }, ...commands.flatMap((command) => entriesOf(command, `${before} ${command.name()}`))];
}

const WRITERS: Readonly<Record<Shell, (name: string, entries: readonly Entry[]) => string>> = {
  bash: writeBash,
  zsh: writeZsh,
  fish: writeFish,
};

/** Words that are no command, such as names and options, do not change what may follow. */
function writeBash(name: string, entries: readonly Entry[]): string {
  const cases = entries.map(({ path, words }) => `    "${path}") echo "${words.map(({ text }) => text).join(" ")}" ;;`);
  return `_${name}_words() {
  case "$1" in
${cases.join("\n")}
  esac
}
_${name}() {
  local path=${name} word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word != -* && -n $(_${name}_words "$path $word") ]] && path="$path $word"
  done
  COMPREPLY=($(compgen -W "$(_${name}_words "$path")" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _${name} ${name}
`;
}

function writeZsh(name: string, entries: readonly Entry[]): string {
  const cases = entries.map(({ path, words }) => {
    const lines = words.map(({ text, about }) => `      ${quote(`${text}:${oneLine(about)}`)}`);
    return `    ${quote(path)}) words_here=(\n${lines.join("\n")}\n    ) ;;`;
  });
  return `#compdef ${name}
_${name}_at() {
  case "$1" in
${cases.join("\n")}
    *) words_here=() ;;
  esac
}
_${name}() {
  local path_here=${name} word i
  local -a words_here
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    _${name}_at "$path_here $word"
    [[ $word != -* ]] && (( \${#words_here} )) && path_here="$path_here $word"
  done
  _${name}_at "$path_here"
  _describe ${name} words_here || _files
}
compdef _${name} ${name}
`;
}

function writeFish(name: string, entries: readonly Entry[]): string {
  const cases = entries.map(({ path, words }) => {
    const lines = words.map(({ text, about }) => `      echo ${quote(`${text}\t${oneLine(about)}`)}`);
    return `    case ${quote(path)}\n${lines.join("\n")}`;
  });
  return `function __${name}_at
  switch "$argv"
${cases.join("\n")}
  end
end
function __${name}_here
  set -l path_here ${name}
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    string match -q -- '-*' $word; and continue
    set -l found (__${name}_at "$path_here $word")
    test (count $found) -gt 0; and set path_here "$path_here $word"
  end
  __${name}_at "$path_here"
end
complete -c ${name} -a '(__${name}_here)'
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
