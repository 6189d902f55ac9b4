import { expectPulled } from "../../clients/support/expect-served.ts";
import { argv } from "../../support/argv.ts";
import type { Image } from "../../support/image.ts";
import type { RunningRegistry } from "../../support/registry-process.ts";
import { requireProgram } from "../../support/require-program.ts";
import { mustRun } from "../../support/run-program.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const skopeo = requireProgram("skopeo");

export interface Tagged {
  readonly repository: string;
  readonly tag: string;
  readonly image: Image;
}

export const push = (to: RunningRegistry, { repository, tag, image }: Tagged) =>
  mustRun(
    argv`${skopeo.path} copy --quiet --all --dest-tls-verify=false ${image.source} docker://${to.host}/${repository}:${tag}`,
  );

/** Expects that a pull brings the image whole. */
export async function expectPull(from: RunningRegistry, { repository, tag, image }: Tagged): Promise<void> {
  const folder = makeTemporaryFolder("pulled");
  await mustRun(
    argv`${skopeo.path} copy --quiet --all --src-tls-verify=false docker://${from.host}/${repository}:${tag} dir:${folder}`,
  );
  await expectPulled(folder, image);
}
