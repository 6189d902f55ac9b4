import { expect, setDefaultTimeout, test } from "bun:test";

import { listActs, openSqlite, verifyChain } from "../../src/metadata/index.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf, imageManifest } from "../support/oci-content.ts";
import { pushBlob, putManifest } from "../support/push-content.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { startRandom } from "./support/seeded-random.ts";

setDefaultTimeout(240_000);

const kills = 20;
const clients = 4;

test("a registry that is killed has each push that it acknowledged in its audit trail, and a whole chain", async () => {
  const random = startRandom("audited kills");
  const dataDirectory = makeTemporaryFolder("audited");
  const acknowledged = new Set<string>();
  for (let round = 0; round < kills; round++) {
    const berth = await startBerth({ dataDirectory, config: { audit: { enabled: true } } });
    const http = new HttpClient(berth.url);
    const config = await pushBlob(http, "app", contentOf("{}"));
    const pushing = Array.from({ length: clients }, async (_, client) => {
      for (let number = 0; ; number++) {
        const content = imageManifest({
          config,
          layers: [],
          more: { annotations: { of: `${round}.${client}.${number}` } },
        });
        const answer = await putManifest(http, { repository: "app", reference: `t${number % 3}`, content }).catch(
          () => undefined,
        );
        if (!answer) return;
        expect(answer.status).toBe(201);
        acknowledged.add(answer.headers.get("x-request-id") ?? "");
      }
    });
    const enough = acknowledged.size + 1 + random.below(100);
    while (acknowledged.size < enough) await Bun.sleep(1);
    await Bun.sleep(random.below(4));
    berth.kill("SIGKILL");
    await Promise.all([...pushing, berth.exited]);
    await berth.stop();
  }
  const metadata = await openSqlite(`${dataDirectory}/berth/berth.db`);
  const report = await verifyChain(metadata.reads);
  const records = await listActs(metadata.reads, { act: "manifest.push", afterSequence: 0, limit: 1_000_000 });
  await metadata.close();
  expect(report.broken).toBeUndefined();
  const recorded = new Set(records.map(({ requestId }) => requestId));
  const lost = [...acknowledged].filter((id) => !recorded.has(id));
  console.log(
    `${kills} kills; ${acknowledged.size} pushes acknowledged, ${recorded.size} on record, ${report.rows} acts`,
  );
  expect(lost).toEqual([]);
  // Each push that is on record and was not acknowledged was under way when a kill came.
  expect(recorded.size - acknowledged.size).toBeWithin(0, kills * clients + 1);
});
