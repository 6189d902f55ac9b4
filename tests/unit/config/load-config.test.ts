import { describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/index.ts";
import { load, type Given } from "./loading.ts";
import { clusterEnvironment, clusterFile, imageOfRegistry2, imageOfRegistry3 } from "./registry-two-files.ts";

const defaults: Config = {
  log: { level: "info", formatter: "text", fields: {}, accessLogEnabled: true },
  storage: {
    driver: { kind: "filesystem", rootDirectory: "./data" },
    deleteEnabled: false,
    readOnly: false,
    isSelfDescribing: true,

    uploadPurging: { enabled: true, ageMs: 168 * 3_600_000, intervalMs: 24 * 3_600_000, dryRun: false },
    collection: { enabled: true, intervalMs: 3_600_000, schedule: undefined, windowMs: 86_400_000, untagged: "keep" },
    retention: { enabled: true, intervalMs: 3_600_000, schedule: undefined },
    measuring: { enabled: true, intervalMs: 3_600_000, schedule: undefined },
    binKeepMs: 168 * 3_600_000,
    inUseKeepMs: 168 * 3_600_000,
    history: {
      enabled: true,
      intervalMs: 3_600_000,
      schedule: undefined,
      keepMs: 9600 * 3_600_000,
      keepChanges: 1000,
    },
    scrubbing: { enabled: false, intervalMs: 168 * 3_600_000, schedule: undefined, bytesPerSecond: 20_000_000 },
  },
  database: { path: "./data/berth/berth.db" },
  auth: { kind: "none" },
  audit: { enabled: false, retentionMs: 0, exports: { syslog: undefined, otlp: undefined, file: undefined } },
  jobs: { historyMs: 720 * 3_600_000 },
  http: {
    address: { hostname: "127.0.0.1", port: 5000 },
    prefix: "/",
    host: undefined,
    relativeUrls: false,
    secret: undefined,
    processes: "auto",
    drainTimeoutMs: 5000,
    headers: {},
    trustedProxies: [],
    tls: undefined,
    debug: undefined,
    limits: { idleTimeoutMs: 120_000, maxBlobBytes: undefined },
    rateLimits: undefined,
    metrics: { enabled: false, path: "/metrics", namespaces: 100 },
  },
  health: { storageDriver: { enabled: false, intervalMs: 10_000, threshold: 3 }, files: [], http: [], tcp: [] },
  catalog: { maxEntries: 1000 },
  compatibility: { amd64Fallback: false },
  tags: { maxTags: 1000 },
  validation: { disabled: false, urls: { allow: [], deny: [] }, indexPlatforms: { kind: "all" } },
};

describe("without a file", () => {
  test("listens on loopback, keeps data in ./data and needs no login", () => {
    const { config, warnings } = load({});
    expect(config).toEqual(defaults);
    expect(warnings).toEqual([]);
  });

  test.each(["", "version: 0.1\n", "# nothing\n", "storage:\nhttp: ~\nauth: null\n"])(
    "the file %j says as little",
    (file) => {
      expect(load({ file }).config).toEqual(defaults);
    },
  );

  test("the configuration is frozen to the last leaf", () => {
    const unfrozen: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) unfrozen.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(load({ file: everyKey }).config, "config");
    expect(unfrozen).toEqual([]);
  });
});

/** Every key that works, none with its default. */
const everyKey = `
version: "0.1"
log:
  level: WARN
  formatter: json
  fields: {service: berth, number: 007}
  accesslog: {disabled: true}
storage:
  filesystem: {rootdirectory: /srv/registry/}
  delete: {enabled: yes}
  selfdescribing: no
  redirect: {disable: true}
  maintenance:
    uploadpurging: {enabled: false, age: 1h30m, interval: 90s, dryrun: true}
    gc: {enabled: false, interval: 1m, window: 0s, untagged: remove}
    retention: {enabled: false, interval: 2m}
    usage: {enabled: false, interval: 3m}
    history: {keep: 1h, changes: 7, schedule: "0 4 * * *"}
    bin: {keep: 0s}
    scrub: {enabled: true, schedule: 30 2 * * sun, rate: 1MiB}
    readonly: {enabled: on}
database: {path: /srv/berth.db}
auth:
  htpasswd: {realm: 0x10, path: /auth/htpasswd}
audit:
  enabled: false
  retention: 8760h
  exports:
    syslog: {address: "tls://logs.example:6514", facility: LOCAL3, ca: /certs/ca.pem, certificate: /certs/c.crt, key: /certs/c.key}
    otlp: {endpoint: "https://collector.example:4318", headers: {Authorization: [Bearer abc], X-Two: [a, b]}}
    file: {path: /var/log/berth/audit.jsonl}
jobs: {history: 48h}
http:
  addr: "[::]:443"
  net: tcp
  prefix: /nested/registry
  host: https://registry.example/
  relativeurls: true
  draintimeout: 2000000000
  headers: {X-Content-Type-Options: [nosniff], X-Two: [a, b]}
  trustedproxies: [10.0.0.0/8, "fd00::/8", 192.0.2.7]
  tls:
    certificate: /certs/a.crt
    key: /certs/a.key
    clientcas: [/certs/ca.pem]
    clientauth: verify-client-cert-if-given
    minimumtls: tls1.3
    ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  debug:
    addr: localhost:5001
    prometheus: {enabled: true, path: /debug/metrics}
  limits: {idletimeout: 2m, maxblobbytes: 20GiB}
  ratelimits:
    anonymous: {requests: 100}
    users: {requests: 5000, period: 1h}
    signins: {requests: 10, period: 90s}
    pulls: {anonymous: {requests: 200}, users: {requests: 300, period: 24h}}
    exempt: [10.0.0.0/8]
  metrics: {enabled: true, path: /figures}
health:
  storagedriver: {enabled: true, interval: 5s, threshold: 0}
  file: [{file: /run/stop, interval: 1s, threshold: 2}, {file: /run/halt}]
  http: [{uri: "https://x.example/up", headers: {Authorization: [Bearer abc]}, statuscode: 204, timeout: 1s, interval: 2s, threshold: 4}]
  tcp: [{addr: "db.example:5432", timeout: 0s, interval: 3s, threshold: 5}]
compatibility: {amd64fallback: true}
catalog: {maxentries: 50}
tags: {maxtags: 60}
validation:
  disabled: true
  manifests:
    urls: {allow: ['^https://x/'], deny: ['(?i)SECRET']}
    indexes: {platforms: list, platformlist: [{architecture: amd64, os: linux}]}
`;

test("every key that works arrives", () => {
  const { config, warnings } = load({ file: everyKey });
  expect(warnings).toEqual([]);
  const { urls, ...validation } = config.validation;
  expect({ ...config, validation }).toEqual({
    log: { level: "warn", formatter: "json", fields: { service: "berth", number: "007" }, accessLogEnabled: false },
    storage: {
      driver: { kind: "filesystem", rootDirectory: "/srv/registry/" },
      deleteEnabled: true,
      readOnly: true,
      isSelfDescribing: false,

      uploadPurging: { enabled: false, ageMs: 5_400_000, intervalMs: 90_000, dryRun: true },
      collection: { enabled: false, intervalMs: 60_000, schedule: undefined, windowMs: 0, untagged: "remove" },
      retention: { enabled: false, intervalMs: 120_000, schedule: undefined },
      measuring: { enabled: false, intervalMs: 180_000, schedule: undefined },
      binKeepMs: 0,
      inUseKeepMs: 168 * 3_600_000,
      history: { enabled: true, intervalMs: 3_600_000, schedule: "0 4 * * *", keepMs: 3_600_000, keepChanges: 7 },
      scrubbing: { enabled: true, intervalMs: 168 * 3_600_000, schedule: "30 2 * * sun", bytesPerSecond: 1_048_576 },
    },
    database: { path: "/srv/berth.db" },
    auth: { kind: "htpasswd", realm: "0x10", path: "/auth/htpasswd" },
    audit: {
      enabled: false,
      retentionMs: 8760 * 3_600_000,
      exports: {
        syslog: {
          address: { transport: "tls", hostname: "logs.example", port: 6514 },
          facility: 19,
          caPath: "/certs/ca.pem",
          certificatePath: "/certs/c.crt",
          keyPath: "/certs/c.key",
        },
        otlp: {
          endpoint: "https://collector.example:4318/v1/logs",
          headers: { Authorization: "Bearer abc", "X-Two": "a, b" },
        },
        file: { path: "/var/log/berth/audit.jsonl" },
      },
    },
    jobs: { historyMs: 48 * 3_600_000 },
    http: {
      address: { hostname: "::", port: 443 },
      prefix: "/nested/registry/",
      host: "https://registry.example",
      relativeUrls: true,
      secret: undefined,
      processes: "auto",
      drainTimeoutMs: 2000,
      headers: { "X-Content-Type-Options": ["nosniff"], "X-Two": ["a", "b"] },
      trustedProxies: ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"],
      tls: {
        certificate: { kind: "files", certificatePath: "/certs/a.crt", keyPath: "/certs/a.key" },
        clientCaPaths: ["/certs/ca.pem"],
        clientAuth: "verify-client-cert-if-given",
        minimumVersion: "tls1.3",
        cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256"],
      },
      debug: { address: { hostname: "localhost", port: 5001 }, prometheus: { enabled: true, path: "/debug/metrics" } },
      limits: { idleTimeoutMs: 120_000, maxBlobBytes: 20 * 1024 ** 3 },
      rateLimits: {
        anonymous: { requests: 100, periodMs: 60_000 },
        users: { requests: 5000, periodMs: 3_600_000 },
        signIns: { requests: 10, periodMs: 90_000 },
        pulls: {
          anonymous: { requests: 200, periodMs: 6 * 3_600_000 },
          users: { requests: 300, periodMs: 24 * 3_600_000 },
        },
        exempt: ["10.0.0.0/8"],
      },
      metrics: { enabled: true, path: "/figures", namespaces: 0 },
    },
    health: {
      storageDriver: { enabled: true, intervalMs: 5000, threshold: 1 },
      files: [
        { path: "/run/stop", intervalMs: 1000, threshold: 2 },
        { path: "/run/halt", intervalMs: 10_000, threshold: 1 },
      ],
      http: [
        {
          url: "https://x.example/up",
          headers: { Authorization: ["Bearer abc"] },
          statusCode: 204,
          timeoutMs: 1000,
          intervalMs: 2000,
          threshold: 4,
        },
      ],
      tcp: [{ address: { hostname: "db.example", port: 5432 }, timeoutMs: 0, intervalMs: 3000, threshold: 5 }],
    },
    catalog: { maxEntries: 50 },
    compatibility: { amd64Fallback: true },
    tags: { maxTags: 60 },
    validation: {
      disabled: true,
      indexPlatforms: { kind: "list", platforms: [{ architecture: "amd64", os: "linux" }] },
    },
  });
  expect(urls.allow.map((pattern) => [pattern.test("https://x/a"), pattern.test("https://y/a")])).toEqual([
    [true, false],
  ]);
  expect(urls.deny.map((pattern) => pattern.test("a secret"))).toEqual([true]);
});

const acmeBase = {
  kind: "acme",
  hosts: ["registry.example"],
  email: undefined,
  directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
  directoryCaPath: undefined,
  cacheDirectory: "./data/berth/acme",
  challenge: "http-01",
  httpAddress: { hostname: "", port: 80 },
  dnsHookPath: undefined,
  externalAccount: undefined,
};

type Row = readonly [name: string, given: Given, pick: (config: Config) => unknown, expected: unknown];

const rows: readonly Row[] = [
  ["loglevel is the old log.level", { file: "loglevel: debug" }, (c) => c.log.level, "debug"],
  ["log.level wins", { file: "loglevel: debug\nlog: {level: error}" }, (c) => c.log.level, "error"],
  ["logstash", { file: "log: {formatter: logstash}" }, (c) => c.log.formatter, "logstash"],
  [
    "filesystem without a folder means registry:2's",
    { file: "storage: {filesystem: {}}" },
    (c) => [c.storage.driver, c.database.path],
    [{ kind: "filesystem", rootDirectory: "/var/lib/registry" }, "/var/lib/registry/berth/berth.db"],
  ],
  ["storage by its bare name", { file: "storage: inmemory" }, (c) => c.storage.driver, { kind: "inmemory" }],
  [
    "inmemory with nothing behind it, and the database in memory too",
    { file: "storage:\n  inmemory:\n" },
    (c) => [c.storage.driver, c.database.path],
    [{ kind: "inmemory" }, ":memory:"],
  ],
  ["auth by its bare name", { file: "auth: none\nhttp: {addr: ':5000'}" }, (c) => c.auth, { kind: "none" }],
  [
    "auth none on every address",
    { file: "auth: {none: {}}\nhttp: {addr: ':5000'}" },
    (c) => c.http.address,
    { hostname: "", port: 5000 },
  ],
  [
    "auth.none with nothing behind it",
    { file: "auth:\n  none:\nhttp: {addr: ':5000'}" },
    (c) => c.auth,
    { kind: "none" },
  ],
  ["on every address there are accounts", { file: "http: {addr: ':5000'}" }, (c) => c.auth.kind, "accounts"],
  [
    "on another address too, where auth is empty",
    { file: "auth: {}\nhttp: {addr: '192.0.2.1:5000'}" },
    (c) => c.auth.kind,
    "accounts",
  ],
  ["and on all of IPv6", { file: "http: {addr: '[::]:5000'}" }, (c) => c.auth.kind, "accounts"],
  [
    "accounts with a password file",
    { file: "auth: {accounts: {tokens: {lifetime: 5m}}, htpasswd: {path: /x}}" },
    (c) => c.auth.kind === "accounts" && [c.auth.htpasswdPath, c.auth.tokens],
    ["/x", { service: "berth", issuer: "berth", realm: undefined, lifetimeMs: 300_000, algorithm: "ES256" }],
  ],
  ["a login has an audit trail", { file: "auth: {htpasswd: {path: /x}}" }, (c) => c.audit.enabled, true],
  ["an audit trail without a login", { file: "audit: {enabled: true}" }, (c) => c.audit.enabled, true],
  [
    "a collector's own path",
    { file: "audit: {exports: {otlp: {endpoint: 'http://10.0.0.1/otlp/logs'}}}" },
    (c) => c.audit.exports.otlp?.endpoint,
    "http://10.0.0.1/otlp/logs",
  ],
  [
    "syslog on a socket",
    { file: "audit: {exports: {syslog: {address: 'unix:/run/log.sock'}}}" },
    (c) => [c.audit.exports.syslog?.address, c.audit.exports.syslog?.facility],
    [{ transport: "unix", path: "/run/log.sock" }, 13],
  ],
  [
    "whoever is known to a directory has an account",
    { file: "auth: {ldap: [{name: a, urls: ['ldaps://d.example'], users: {basedn: 'dc=a'}}]}" },
    (c) => c.auth.kind,
    "accounts",
  ],
  [
    "whose certificate is known has an account",
    {
      file: [
        "http: {tls: {certificate: /a, key: /b, clientcas: [/c]}, trustedproxies: [10.0.0.1]}",
        "auth:",
        "  clientcertificates:",
        "    header: X-Forwarded-Client-Cert",
        "    headerformat: xfcc",
        "    rules:",
        "    - {match: {subject: 'CN=*, O=Acme\\, Inc.', san: 'spiffe://acme/ci/*'}, account: team+ci}",
        "    - {match: {san: 'email:*@acme.com'}, from: san}",
      ].join("\n"),
    },
    (c) => c.auth.kind === "accounts" && c.auth.clientCertificates,
    {
      header: { name: "x-forwarded-client-cert", format: "xfcc" },
      rules: [
        { subject: "CN=*, O=Acme\\, Inc.", san: "spiffe://acme/ci/*", name: { account: "team+ci" } },
        { san: "email:*@acme.com", name: { from: "san" } },
      ],
    },
  ],
  ["localhost needs no auth", { file: "http: {addr: 'localhost:5000'}" }, (c) => c.auth, { kind: "none" }],
  ["127.0.0.2 needs no auth", { file: "http: {addr: '127.0.0.2:5000'}" }, (c) => c.auth, { kind: "none" }],
  ["::1 needs no auth", { file: "http: {addr: '[::1]:5000'}" }, (c) => c.http.address, { hostname: "::1", port: 5000 }],
  [
    "a socket needs no auth",
    { file: "http: {net: unix, addr: /run/berth.sock}" },
    (c) => c.http.address,
    { unixSocketPath: "/run/berth.sock" },
  ],
  [
    "empty values are none",
    { file: "http: {host: '', tls: {certificate: '', key: ''}, debug: {addr: ''}}" },
    (c) => c.http,
    defaults.http,
  ],
  ["one value for a list", { file: "http: {headers: {X-A: b}}" }, (c) => c.http.headers, { "X-A": ["b"] }],
  [
    "anchors and merges",
    { file: "health:\n  file:\n  - &a {file: /x, interval: 1s}\n  - {<<: *a, file: /y}\n" },
    (c) => c.health.files.map((check) => [check.path, check.intervalMs]),
    [
      ["/x", 1000],
      ["/y", 1000],
    ],
  ],
  [
    "ACME with the least that it needs",
    { file: "http: {tls: {acme: {hosts: [Registry.example], termsagreed: true}}}" },
    (c) => c.http.tls?.certificate,
    acmeBase,
  ],
  [
    "ACME with all",
    {
      file: `http: {tls: {acme: {hosts: ['*.registry.example'], termsagreed: true, email: a@x, directoryurl: 'https://ca.example/dir', directoryca: /ca/root.pem,
        cachedir: /acme, challenge: dns-01, httpaddr: '127.0.0.1:8080', dnshook: /bin/hook, eab: {keyid: k, hmackey: h}}}}`,
    },
    (c) => c.http.tls?.certificate,
    {
      kind: "acme",
      hosts: ["*.registry.example"],
      email: "a@x",
      directoryUrl: "https://ca.example/dir",
      directoryCaPath: "/ca/root.pem",
      cacheDirectory: "/acme",
      challenge: "dns-01",
      httpAddress: { hostname: "127.0.0.1", port: 8080 },
      dnsHookPath: "/bin/hook",
      externalAccount: { keyId: "k", hmacKey: "h" },
    },
  ],
  [
    "letsencrypt of registry:2",
    { file: "http: {tls: {letsencrypt: {cachefile: /cache, email: a@x, hosts: [registry.example]}}}" },
    (c) => c.http.tls?.certificate,
    { ...acmeBase, email: "a@x", cacheDirectory: "/cache", challenge: "tls-alpn-01" },
  ],
  [
    "an empty letsencrypt",
    { file: "http: {tls: {letsencrypt: {hosts: [], email: ''}, acme: {}}}" },
    (c) => c.http.tls,
    undefined,
  ],
  [
    "no index checks",
    { file: "validation: {manifests: {indexes: {platforms: none}}}" },
    (c) => c.validation.indexPlatforms,
    { kind: "none" },
  ],
  [
    "what is switched off is no problem",
    {
      file: `notifications: {endpoints: [{name: a, disabled: true, url: https://x}], events: {includereferences: false}}
middleware: {storage: [{name: cloudfront, disabled: true}], repository: []}
proxy: {remoteurl: ""}`,
    },
    (c) => c,
    defaults,
  ],
];

describe("a configuration", () => {
  test.each(rows)("%s", (_name, given, pick, expected) => {
    expect(pick(load(given).config)).toEqual(expected);
  });
});

describe("files of registry:2", () => {
  const withLogin = { REGISTRY_AUTH: "htpasswd", REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd" };

  test.each([
    ["registry:2", imageOfRegistry2, ["storage.cache"]],
    ["registry:3", imageOfRegistry3, ["storage.cache", "storage.tag.concurrencylimit"]],
  ])("the file in the image of %s loads with a login", (_image, file, warned) => {
    const { config, warnings } = load({ file, env: withLogin });
    expect(config.http.address).toEqual({ hostname: "", port: 5000 });
    expect(config.storage.driver).toEqual({ kind: "filesystem", rootDirectory: "/var/lib/registry" });
    expect(config.health.storageDriver).toEqual({ enabled: true, intervalMs: 10_000, threshold: 3 });
    expect(warnings.map((warning) => warning.path)).toEqual(warned);
  });

  test.each([
    ["registry:2", imageOfRegistry2],
    ["registry:3", imageOfRegistry3],
  ])("the file in the image of %s is taken, and gives everybody an account", (_image, file) => {
    expect(load({ file }).config.auth).toMatchObject({ kind: "accounts", htpasswdPath: undefined });
  });

  test("a cluster's file with its variables", () => {
    const { config, warnings } = load({ file: clusterFile, env: clusterEnvironment });
    expect(config.auth).toEqual({ kind: "htpasswd", realm: "Registry Realm", path: "/auth/htpasswd" });
    expect(config.storage.driver).toEqual({ kind: "filesystem", rootDirectory: "/var/lib/registry" });
    expect(config.storage.deleteEnabled).toBe(true);
    expect(config.http.debug).toEqual({
      address: { hostname: "", port: 5001 },
      prometheus: { enabled: false, path: "/metrics" },
    });
    expect(warnings.map((warning) => warning.path)).toEqual(["storage.cache"]);
  });
});
