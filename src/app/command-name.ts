/** What a person types to run this program, for messages that name a command: a checkout has it in `bin`. */
export const COMMAND = Bun.isStandaloneExecutable ? "berth" : "bin/berth";
