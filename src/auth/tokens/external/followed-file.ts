import { readFile, stat } from "node:fs/promises";
import { FileError, type Soon } from "../../../runtime/index.ts";

/** Something that cannot be used; `fault` is why. */
export type ReportFault = (message: string, fault: unknown) => void;

/** What is read from a file, again whenever the file changes. A change that cannot be read is told, and changes nothing. */
export class FollowedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => Soon<T>;
  #look: string;
  #current: T;

  /** @throws FileError */
  static async open<T>(path: string, parse: (text: string) => Soon<T>): Promise<FollowedFile<T>> {
    try {
      const look = await lookOf(path);
      return new FollowedFile(path, parse, { look, current: await parse(await readFile(path, "utf8")) });
    } catch (cause) {
      throw new FileError(path, cause);
    }
  }

  private constructor(
    path: string,
    parse: (text: string) => Soon<T>,
    { look, current }: { readonly look: string; readonly current: T },
  ) {
    this.#path = path;
    this.#parse = parse;
    this.#look = look;
    this.#current = current;
  }

  get current(): T {
    return this.#current;
  }

  /** @returns whether there is something new */
  async follow(report: ReportFault): Promise<boolean> {
    const look = await lookOf(this.#path).catch(() => "missing");
    if (look === this.#look) return false;
    this.#look = look;
    try {
      this.#current = await this.#parse(await readFile(this.#path, "utf8"));
      return true;
    } catch (fault) {
      report(`${this.#path} has changed and cannot be used: what was read before stays in use`, fault);
      return false;
    }
  }
}

/** From outside; symbolic links are followed. */
async function lookOf(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
