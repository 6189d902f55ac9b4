import { runCommandLine } from "../../../../src/cli/index.ts";
import type { TerminalInput } from "../../../../src/cli/terminal.ts";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunInput {
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types, line by line. */
  readonly typed?: readonly string[];
  /** What is piped in. */
  readonly piped?: string;
}

/** Runs one command line as a person or a script does. */
export async function run(argv: readonly string[], { env = {}, typed, piped }: RunInput = {}): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const exitCode = await runCommandLine(argv, {
    env,
    stdout: {
      write(text, written) {
        stdout += text;
        written?.();
      },
    },
    stderr: { write: (text) => void (stderr += text) },
    ...(typed && { stdin: inputOf(typed.map((line) => `${line}\r`).join(""), true) }),
    ...(piped !== undefined && { stdin: inputOf(piped, false) }),
  });
  return { exitCode, stdout, stderr };
}

function inputOf(text: string, isTTY: boolean): TerminalInput {
  return {
    isTTY,
    async *[Symbol.asyncIterator]() {
      yield text;
    },
  };
}
