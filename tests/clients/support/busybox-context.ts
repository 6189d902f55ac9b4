import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { requireProgram } from "../../support/require-program.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

/** A build context that needs no base image: a static busybox, and a step that runs in it. */
export function makeBusyboxContext(): string {
  const folder = makeTemporaryFolder("context");
  copyFileSync(requireProgram("busybox", "busybox-static").path, join(folder, "busybox"));
  writeFileSync(
    join(folder, "Dockerfile"),
    [
      "FROM scratch",
      "COPY busybox /bin/busybox",
      'RUN ["/bin/busybox", "sh", "-c", "echo built > /built"]',
      'CMD ["/bin/busybox", "cat", "/built"]',
      "",
    ].join("\n"),
  );
  return folder;
}
