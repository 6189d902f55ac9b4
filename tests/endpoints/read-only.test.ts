import { afterAll, beforeAll, describe } from "bun:test";

import { OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { startUpload } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../support/temporary-folder.ts";
import { clientWith } from "./registry.ts";
import { type Row, testRows } from "./rows.ts";
import { IMAGE, LAYER, pushSample } from "./sample.ts";

const pulls: readonly Row[] = [
  { about: "lists repositories", ask: "GET /v2/_catalog", status: 200, json: { repositories: ["app"] } },
  { about: "lists tags", ask: "GET /v2/app/tags/list", status: 200, json: { name: "app", tags: ["latest", "multi"] } },
  { about: "gives manifests", ask: "GET /v2/app/manifests/latest", status: 200, bytes: IMAGE.bytes },
  { about: "gives blobs", ask: `GET /v2/app/blobs/${LAYER.digest}`, status: 200, bytes: LAYER.bytes },
  { about: "gives referrers", ask: `GET /v2/app/referrers/${IMAGE.digest}`, status: 200 },
];

describe("without storage.delete.enabled the registry", () => {
  const http = clientWith({ config: { storage: { delete: { enabled: false } } } }, (http) => pushSample(http, "app"));
  const refused = { status: 405, code: "UNSUPPORTED" } as const;
  testRows(http, [
    ...pulls,
    {
      about: "deletes no tag",
      ask: "DELETE /v2/app/manifests/latest",
      ...refused,
      answers: { allow: "GET, HEAD, PUT" },
      text: /storage\.delete\.enabled/,
    },
    { about: "deletes no manifest", ask: `DELETE /v2/app/manifests/${IMAGE.digest}`, ...refused },
    {
      about: "deletes no blob",
      ask: `DELETE /v2/app/blobs/${LAYER.digest}`,
      ...refused,
      answers: { allow: "GET, HEAD" },
    },
    { about: "deletes nothing that is absent", ask: "DELETE /v2/app/manifests/absent", ...refused },
    { about: "deletes nothing of no repository", ask: "DELETE /v2/nobody/manifests/latest", ...refused },
    { about: "takes pushes", given: pushSample, ask: "GET /v2/{repo}/tags/list", status: 200 },
    { about: "ends uploads", given: startUpload, ask: (url) => `DELETE ${String(url)}`, status: 204 },
  ]);
});

describe("with storage.maintenance.readonly the registry", () => {
  const dataDirectory = makeTemporaryFolder("read-only");
  let berth: RunningRegistry | undefined;
  let upload = "";

  beforeAll(async () => {
    const before = await startBerth({ dataDirectory });
    const http = new HttpClient(before.url);
    await pushSample(http, "app");
    upload = new URL(await startUpload(http, "app")).pathname;
    await before.stop();
    berth = await startBerth({
      dataDirectory,
      config: { storage: { maintenance: { readonly: { enabled: true } } } },
    });
  });
  afterAll(async () => {
    await berth?.stop();
    removeTemporaryFolder(dataDirectory);
  });

  const refused = { status: 405, code: "UNSUPPORTED", answers: { allow: "GET, HEAD" }, text: /read-only/ } as const;
  const manifest = { headers: { "content-type": OCI_IMAGE_MANIFEST }, body: new TextDecoder().decode(IMAGE.bytes) };
  testRows(
    () => new HttpClient(berth?.url ?? ""),
    [
      ...pulls,
      { about: "takes no manifest", ask: "PUT /v2/app/manifests/again", ...manifest, ...refused },
      { about: "deletes no tag", ask: "DELETE /v2/app/manifests/latest", ...refused },
      { about: "deletes no manifest", ask: `DELETE /v2/app/manifests/${IMAGE.digest}`, ...refused },
      { about: "deletes no blob", ask: `DELETE /v2/app/blobs/${LAYER.digest}`, ...refused },
      { about: "starts no upload", ask: "POST /v2/app/blobs/uploads/", ...refused, answers: { allow: "" } },
      {
        about: "mounts nothing",
        ask: `POST /v2/new/blobs/uploads/?mount=${LAYER.digest}&from=app`,
        ...refused,
        answers: { allow: "" },
      },
      {
        about: "takes no blob",
        ask: `POST /v2/app/blobs/uploads/?digest=${LAYER.digest}`,
        body: LAYER.bytes,
        ...refused,
        answers: { allow: "" },
      },
      { about: "goes on with no upload", ask: () => `PATCH ${upload}`, body: "x", ...refused },
      { about: "ends no upload", ask: () => `PUT ${upload}?digest=${LAYER.digest}`, body: LAYER.bytes, ...refused },
      { about: "cancels no upload", ask: () => `DELETE ${upload}`, ...refused },
      { about: "tells where an upload stands", ask: () => `GET ${upload}`, status: 204 },
    ],
  );
});
