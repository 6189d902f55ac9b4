import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Account } from "../../../../src/access/accounts/account.ts";
import { AccessDirectory, principalOf } from "../../../../src/access/index.ts";
import type { Authenticator } from "../../../../src/auth/index.ts";
import { ANONYMOUS } from "../../../../src/access/principal.ts";
import { emptyAnswer } from "../../../../src/http/answer.ts";
import { createRequestHandler, type RequestHandler } from "../../../../src/http/index.ts";
import { ENDPOINTS } from "../../../../src/http/v2/dispatch.ts";
import { putRole, putVisibility } from "../../../../src/metadata/index.ts";
import {
  OCI_IMAGE_MANIFEST,
  parseReference,
  parseRepositoryName,
  type RepositoryName,
} from "../../../../src/oci/index.ts";
import { putManifest, putWholeBlob, type Registry, startUpload } from "../../../../src/registry/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { contentOf, imageManifest } from "../../../support/oci-content.ts";

/** Who asks; each role is one on the node `team`. */
const ASKERS = [
  "nobody",
  "anonymous token",
  "stranger",
  "strange robot",
  "reader",
  "writer",
  "maintainer",
  "owner",
  "auditor",
  "administrator",
] as const;

type Asker = (typeof ASKERS)[number];

/**
 * What becomes of every request to a repository below `team`, in the columns of `ASKERS`. The three letters of each are for a
 * public, an internal and a private `team`: `y` it is done, `c` asked to sign in, `d` denied, `n` answered as what is not there.
 */
// oxfmt-ignore
const MATRIX = {
  //                    nobody  anonym. stranger robot  reader  writer  maint.  owner   auditor admin
  "base GET":          "ccc     yyy     yyy      yyy    yyy     yyy     yyy     yyy     yyy     yyy",
  "base HEAD":         "ccc     yyy     yyy      yyy    yyy     yyy     yyy     yyy     yyy     yyy",
  "catalog GET":       "ccc     yyy     yyy      yyy    yyy     yyy     yyy     yyy     yyy     yyy",
  "extensions GET":    "ccc     yyy     yyy      yyy    yyy     yyy     yyy     yyy     yyy     yyy",
  "tags GET":          "ycc     ycc     yyn      ynn    yyy     yyy     yyy     yyy     yyy     yyy",
  "manifest GET":      "ycc     ycc     yyn      ynn    yyy     yyy     yyy     yyy     yyy     yyy",
  "manifest HEAD":     "ycc     ycc     yyn      ynn    yyy     yyy     yyy     yyy     yyy     yyy",
  "manifest PUT":      "ccc     ccc     ddd      ddd    ddd     yyy     yyy     yyy     ddd     yyy",
  "manifest DELETE":   "ccc     ccc     ddd      ddd    ddd     ddd     yyy     yyy     ddd     yyy",
  "blob GET":          "ycc     ycc     yyn      ynn    yyy     yyy     yyy     yyy     yyy     yyy",
  "blob HEAD":         "ycc     ycc     yyn      ynn    yyy     yyy     yyy     yyy     yyy     yyy",
  "blob DELETE":       "ccc     ccc     ddd      ddd    ddd     ddd     yyy     yyy     ddd     yyy",
  "uploads POST":      "ccc     ccc     ddd      ddd    ddd     yyy     yyy     yyy     ddd     yyy",
  "upload GET":        "ccc     ccc     ddn      dnn    ddd     yyy     yyy     yyy     ddd     yyy",
  "upload HEAD":       "ccc     ccc     ddn      dnn    ddd     yyy     yyy     yyy     ddd     yyy",
  "upload PATCH":      "ccc     ccc     ddd      ddd    ddd     yyy     yyy     yyy     ddd     yyy",
  "upload PUT":        "ccc     ccc     ddd      ddd    ddd     yyy     yyy     yyy     ddd     yyy",
  "upload DELETE":     "ccc     ccc     ddd      ddd    ddd     yyy     yyy     yyy     ddd     yyy",
  "referrers GET":     "ycc     ycc     yyn      ynn    yyy     yyy     yyy     yyy     yyy     yyy",
} as const;

const VISIBILITIES = ["public", "internal", "private"] as const;
const CONFIG = contentOf("{}");
const IMAGE = imageManifest({ config: CONFIG, layers: [] });
const SIGNATURE = imageManifest({
  config: CONFIG,
  layers: [],
  more: { subject: { mediaType: OCI_IMAGE_MANIFEST, digest: IMAGE.digest, size: IMAGE.bytes.byteLength } },
});
/** What is not there, for what would change it. */
const ABSENT = `sha256:${"a".repeat(64)}`;

const PATHS: Readonly<Record<keyof typeof ENDPOINTS, readonly string[]>> = {
  base: ["/v2/"],
  catalog: ["/v2/_catalog"],
  extensions: ["/v2/_oci/ext/discover"],
  tags: ["tags/list"],
  manifest: ["manifests/v1", `manifests/${IMAGE.digest}`],
  blob: [`blobs/${CONFIG.digest}`],
  uploads: ["blobs/uploads/"],
  upload: [`blobs/uploads/{upload}?digest=${ABSENT}`],
  referrers: [`referrers/${IMAGE.digest}`],
};

/** The same, for requests that must leave all as it is. */
const CHANGING_PATHS: Readonly<Partial<Record<keyof typeof ENDPOINTS, readonly string[]>>> = {
  manifest: ["manifests/gone", `manifests/${ABSENT}`],
  blob: [`blobs/${ABSENT}`],
  upload: [`blobs/uploads/no-such-upload?digest=${ABSENT}`],
};

const ids = new Map(ASKERS.map((asker, index) => [asker, index + 1]));

function accountOf(asker: Asker): Account {
  return {
    id: ids.get(asker) ?? 0,
    name: asker,
    kind: asker === "strange robot" ? "robot" : "user",
    source: "local",
    systemRole: asker === "auditor" || asker === "administrator" ? asker : undefined,
    ownerPath: undefined,
    groupIds: [],
    generation: 1,
    isDisabled: false,
    expiresAtMs: undefined,
    mustChangePassword: false,
  };
}

let memory: MemoryRegistry;
let empty: MemoryRegistry;
const uploads = new Map<string, string>();
let handle: RequestHandler;
beforeAll(async () => {
  memory = await openMemoryRegistry();
  const { metadata, clock } = memory.registry;
  const directory = new AccessDirectory({ metadata, clock });
  empty = await openMemoryRegistry();
  await metadata.transaction(async (queries) => {
    for (const visibility of VISIBILITIES) {
      const path = `${visibility}/team`;
      await putVisibility(queries, { path, visibility, nowMs: 1 });
      for (const role of ["reader", "writer", "maintainer", "owner"] as const)
        await putRole(queries, { path, subject: `account:${ids.get(role)}`, role, nowMs: 1 });
    }
  });
  for (const visibility of VISIBILITIES) await fill(memory.registry, parseRepositoryName(`${visibility}/team/app`));
  handle = createRequestHandler({
    registry: memory.registry,
    emptyRegistry: () => Promise.resolve(empty.registry),
    authenticator: authenticatorOn(directory),
    options: {
      prefix: "/",
      publicOrigin: undefined,
      relativeUrls: false,
      headers: {},
      trustedProxies: [],
      maxCatalogEntries: 100,
      maxTags: 100,
      amd64Fallback: false,
    },
    clock,
    stopwatchMs: () => 0,
    newRequestId: () => "request-1",
    pages: new Map([["/metrics", { isOpen: true, needsLogin: true, respond: () => emptyAnswer(200) }]]),
    doors: [],
    findFault: () => undefined,
    metrics: { requestStarted: () => undefined, requestFinished: () => undefined },
    tracing: undefined,
    observe: () => undefined,
  });
});
afterAll(() => Promise.all([memory.close(), empty.close()]));

const NOBODY = { actor: undefined, address: undefined, requestId: undefined };

async function fill(registry: Registry, repository: RepositoryName): Promise<void> {
  const push = { repository, tags: [], contentType: OCI_IMAGE_MANIFEST, by: NOBODY };
  const { digest, bytes } = CONFIG;
  const body = new Blob([bytes]).stream();
  await putWholeBlob(registry, { repository, digest, body });
  await putManifest(registry, { ...push, reference: parseReference("v1"), body: IMAGE.bytes });
  await putManifest(registry, { ...push, reference: parseReference(SIGNATURE.digest), body: SIGNATURE.bytes });
  const { id } = await startUpload(registry, repository);
  uploads.set(repository, id);
}

/** Takes everybody for who they say they are: who that may be is another test's business. */
function authenticatorOn(directory: AccessDirectory): Authenticator {
  return {
    challenge: ({ scopes }) => `Bearer scope="${scopes.join(" ")}"`,
    async authenticate(authorization) {
      const view = await directory.now();
      const asker = ASKERS.find((known) => known === authorization);
      if (asker === undefined || asker === "nobody") return view.anonymous;
      if (asker !== "anonymous token") return view.callerOf({ principal: principalOf(accountOf(asker)) });
      const all = { pathPattern: "**", actions: ["pull", "push", "delete"] as const };
      return view.callerOf({ principal: ANONYMOUS, token: { access: [all], mayList: true } });
    },
  };
}

async function ask(method: string, path: string, asker: Asker) {
  const request = new Request(`http://registry.test${path}`, {
    method,
    headers: { host: "registry.test", authorization: asker },
    ...(["PUT", "PATCH"].includes(method) && { body: "{}" }),
  });
  const connection = {
    remoteAddress: "127.0.0.1",
    remotePort: 1,
    tls: false,
    expectLongTransfer: () => undefined,
    withoutIdleTimeout: <T>(work: () => Promise<T>) => work(),
  };
  const answer = await handle(request, connection);
  const body = await answer.text();
  const text = `${answer.headers.get("docker-upload-uuid") ?? ""} ${body}`;
  return { status: answer.status, challenge: answer.headers.get("www-authenticate"), text };
}

async function outcomeOf(method: string, path: string, asker: Asker): Promise<string> {
  const answer = await ask(method, path, asker);
  if (answer.status === 401) return answer.challenge === null ? "401 without challenge" : "c";
  if (answer.status === 403) return "d";
  if (!isRead(method) || path === "/v2/_catalog") return "y";
  // Whoever may see everything is told of what is there and of what is not, and whoever may not is told the second.
  const present = await ask(method, path, "administrator");
  const absent = await ask(method, path.replace("/team/app/", "/team/gone/"), "administrator");
  if (answer.status === present.status && answer.text === present.text) return "y";
  const isAsAbsent = answer.status === absent.status && answer.text.replaceAll("/app", "/gone") === absent.text;
  return isAsAbsent ? "n" : `${answer.status} ${answer.text}`;
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

const endpoints = Object.entries(ENDPOINTS).flatMap(([kind, methods]) =>
  Object.keys(methods).map((method) => ({ kind: kind as keyof typeof ENDPOINTS, method })),
);

test("a page that needs a login is for all who have a name", async () => {
  const letters: string[] = [];
  for (const asker of ASKERS) letters.push((await ask("GET", "/metrics", asker)).status === 200 ? "y" : "c");
  expect(letters.join("")).toBe("ccyyyyyyyy");
});

describe("every request of every asker at every visibility", () => {
  test("is in the matrix", () => {
    expect(endpoints.map(({ kind, method }) => `${kind} ${method}`).toSorted()).toEqual(Object.keys(MATRIX).toSorted());
  });

  for (const { kind, method } of endpoints) {
    const expected = MATRIX[`${kind} ${method}` as keyof typeof MATRIX].split(/ +/);
    test.each(ASKERS.map((asker, index) => [asker, expected[index] ?? ""] as const))(
      `${kind} ${method} by %s: %s`,
      async (asker, letters) => {
        const paths = (isRead(method) ? undefined : CHANGING_PATHS[kind]) ?? PATHS[kind];
        for (const path of paths) {
          const outcomes: string[] = [];
          for (const visibility of VISIBILITIES) {
            const repository = `${visibility}/team/app`;
            const full = path.startsWith("/") ? path : `/v2/${repository}/${path}`;
            const upload = uploads.get(repository) ?? "";
            outcomes.push(await outcomeOf(method, full.replace("{upload}", upload), asker));
          }
          expect(`${path}: ${outcomes.join("")}`).toBe(`${path}: ${letters}`);
        }
      },
    );
  }
});
