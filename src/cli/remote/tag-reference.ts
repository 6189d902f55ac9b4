import { InvalidArgumentError } from "commander";

export interface TagReference {
  readonly repository: string;
  readonly tag: string;
}

/** `team/app:1.0`. A registry's address has no place in it: that is `--server`. */
export function parseTagReference(text: string): TagReference {
  const [, repository, tag] = /^([^:@\s]+):([^:@/\s]+)$/.exec(text) ?? [];
  if (repository !== undefined && tag !== undefined) return { repository, tag };
  throw new InvalidArgumentError("It is written <repository>:<tag>, such as team/app:1.0.");
}
