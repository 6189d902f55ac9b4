import { readFileSync } from "node:fs";

/** Who works at the machine itself, for the audit trail. */
export function localActor(): string {
  return `local:${findUserName()}`;
}

/** Of the process, whatever the environment says. */
function findUserName(): string {
  const id = String(process.getuid?.() ?? "?");
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((one) => one.split(":")[2] === id);
    return line?.split(":")[0] ?? id;
  } catch {
    return id;
  }
}
