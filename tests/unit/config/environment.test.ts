import { describe, expect, test } from "bun:test";
import { configurationPathVariable, listKeys, type Config } from "../../../src/config/index.ts";
import { load, problemsOf, type Given } from "./loading.ts";
import { imageOfRegistry2 } from "./registry-two-files.ts";

type Row = readonly [name: string, given: Given, pick: (config: Config) => unknown, expected: unknown];

const common: readonly Row[] = [
  [
    "HTTP_ADDR",
    { env: { REGISTRY_HTTP_ADDR: "127.0.0.1:6000" } },
    (c) => c.http.address,
    { hostname: "127.0.0.1", port: 6000 },
  ],
  [
    "HTTP_ADDR wins over the file",
    { file: "http: {addr: ':5000'}", env: { REGISTRY_HTTP_ADDR: "localhost:1" } },
    (c) => c.http.address,
    { hostname: "localhost", port: 1 },
  ],
  [
    "HTTP_NET",
    { env: { REGISTRY_HTTP_NET: "unix", REGISTRY_HTTP_ADDR: "/run/b.sock" } },
    (c) => c.http.address,
    { unixSocketPath: "/run/b.sock" },
  ],
  ["HTTP_HOST", { env: { REGISTRY_HTTP_HOST: "https://r.example" } }, (c) => c.http.host, "https://r.example"],
  ["HTTP_RELATIVEURLS", { env: { REGISTRY_HTTP_RELATIVEURLS: "true" } }, (c) => c.http.relativeUrls, true],
  [
    "HTTP_TLS_CERTIFICATE and _KEY",
    { env: { REGISTRY_HTTP_TLS_CERTIFICATE: "/certs/a.crt", REGISTRY_HTTP_TLS_KEY: "/certs/a.key" } },
    (c) => c.http.tls?.certificate,
    { kind: "files", certificatePath: "/certs/a.crt", keyPath: "/certs/a.key" },
  ],
  [
    "HTTP_TLS_CERTIFICATE left empty",
    { env: { REGISTRY_HTTP_TLS_CERTIFICATE: "", REGISTRY_HTTP_TLS_KEY: "" } },
    (c) => c.http.tls,
    undefined,
  ],
  [
    "HTTP_TLS_LETSENCRYPT_*",
    { env: { REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS: "[a.example]", REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: "/c" } },
    (c) => c.http.tls?.certificate,
    expect.objectContaining({ hosts: ["a.example"], challenge: "tls-alpn-01", cacheDirectory: "/c" }),
  ],
  [
    "HTTP_DEBUG_*",
    { env: { REGISTRY_HTTP_DEBUG_ADDR: ":5001", REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: "true" } },
    (c) => c.http.debug,
    { address: { hostname: "", port: 5001 }, prometheus: { enabled: true, path: "/metrics" } },
  ],
  [
    "STORAGE_DELETE_ENABLED",
    { env: { REGISTRY_STORAGE_DELETE_ENABLED: "true" } },
    (c) => c.storage.deleteEnabled,
    true,
  ],
  [
    "STORAGE_REDIRECT_DISABLE",
    // Nothing is sent elsewhere yet.
    { env: { REGISTRY_STORAGE_REDIRECT_DISABLE: "true" } },
    (c) => c.storage.driver.kind,
    "filesystem",
  ],
  [
    "STORAGE_FILESYSTEM_ROOTDIRECTORY without a file",
    { env: { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/data" } },
    (c) => [c.storage.driver, c.database.path],
    [{ kind: "filesystem", rootDirectory: "/data" }, "/data/berth/berth.db"],
  ],
  [
    "STORAGE_FILESYSTEM_ROOTDIRECTORY replaces the file's",
    {
      file: "storage: {filesystem: {rootdirectory: /var/lib/registry}}",
      env: { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/data" },
    },
    (c) => c.storage.driver,
    { kind: "filesystem", rootDirectory: "/data" },
  ],
  [
    "STORAGE selects the driver and clears the map",
    {
      file: "storage: {filesystem: {rootdirectory: /x}, delete: {enabled: true}}",
      env: { REGISTRY_STORAGE: "inmemory" },
    },
    (c) => [c.storage.driver, c.storage.deleteEnabled],
    [{ kind: "inmemory" }, false],
  ],
  [
    "STORAGE comes before its keys, in whatever order the environment has them",
    {
      env: {
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/data",
        REGISTRY_STORAGE_DELETE_ENABLED: "true",
        REGISTRY_STORAGE: "filesystem",
      },
    },
    (c) => [c.storage.driver, c.storage.deleteEnabled],
    [{ kind: "filesystem", rootDirectory: "/data" }, true],
  ],
  [
    "STORAGE as a map",
    { env: { REGISTRY_STORAGE: "{inmemory: {}, delete: {enabled: true}}" } },
    (c) => [c.storage.driver.kind, c.storage.deleteEnabled],
    ["inmemory", true],
  ],
  [
    "a group as a map",
    { env: { REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}' } },
    (c) => c.storage.readOnly,
    true,
  ],
  [
    "STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED",
    { env: { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: "false" } },
    (c) => c.storage.uploadPurging.enabled,
    false,
  ],
  ["LOG_LEVEL", { env: { REGISTRY_LOG_LEVEL: "debug" } }, (c) => c.log.level, "debug"],
  ["LOGLEVEL", { env: { REGISTRY_LOGLEVEL: "warn" } }, (c) => c.log.level, "warn"],
  [
    "LOG_ACCESSLOG_DISABLED",
    { env: { REGISTRY_LOG_ACCESSLOG_DISABLED: "true" } },
    (c) => c.log.accessLogEnabled,
    false,
  ],
  [
    "LOG_FIELDS_SERVICE",
    { file: "log: {fields: {Service: a}}", env: { REGISTRY_LOG_FIELDS_SERVICE: "b", REGISTRY_LOG_FIELDS_ZONE: "1" } },
    (c) => c.log.fields,
    { Service: "b", zone: "1" },
  ],
  [
    "AUTH=htpasswd with _REALM and _PATH",
    {
      env: {
        REGISTRY_AUTH: "htpasswd",
        REGISTRY_AUTH_HTPASSWD_REALM: "Registry Realm",
        REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
      },
    },
    (c) => c.auth,
    { kind: "htpasswd", realm: "Registry Realm", path: "/auth/htpasswd" },
  ],
  [
    "AUTH_HTPASSWD_* without AUTH",
    { env: { REGISTRY_AUTH_HTPASSWD_REALM: "r", REGISTRY_AUTH_HTPASSWD_PATH: "/p" } },
    (c) => c.auth,
    { kind: "htpasswd", realm: "r", path: "/p" },
  ],
  [
    "AUTH selects and clears",
    { file: "auth: {htpasswd: {path: /x}}\nhttp: {addr: ':5000'}", env: { REGISTRY_AUTH: "none" } },
    (c) => c.auth,
    { kind: "none" },
  ],
  [
    "AUTH as a map",
    { env: { REGISTRY_AUTH: "{htpasswd: {path: /p}}" } },
    (c) => c.auth,
    { kind: "htpasswd", realm: "Registry", path: "/p" },
  ],
  [
    "HEALTH_STORAGEDRIVER_ENABLED",
    { env: { REGISTRY_HEALTH_STORAGEDRIVER_ENABLED: "true" } },
    (c) => c.health.storageDriver.enabled,
    true,
  ],
  [
    "HEALTH_FILECHECKERS appends, and _FILE is its key",
    {
      file: "health: {file: [{file: /a}]}",
      env: { REGISTRY_HEALTH_FILECHECKERS_1_FILE: "/b", REGISTRY_HEALTH_FILECHECKERS_0_INTERVAL: "1s" },
    },
    (c) => c.health.files.map((check) => [check.path, check.intervalMs]),
    [
      ["/a", 1000],
      ["/b", 10_000],
    ],
  ],
  [
    "HEALTH_HTTPCHECKERS and HEALTH_TCPCHECKERS",
    {
      env: {
        REGISTRY_HEALTH_HTTPCHECKERS_0_URI: "http://x/",
        REGISTRY_HEALTH_HTTPCHECKERS_0_HEADERS_ACCEPT: "[a]",
        REGISTRY_HEALTH_TCPCHECKERS_0_ADDR: "x:1",
      },
    },
    (c) => [c.health.http[0]?.url, c.health.http[0]?.headers, c.health.tcp[0]?.address],
    ["http://x/", { accept: ["a"] }, { hostname: "x", port: 1 }],
  ],
  [
    "HTTP_HEADERS_<name> matches in any case and is made in lower case",
    {
      file: "http: {headers: {X-Foo: [a]}}",
      env: { "REGISTRY_HTTP_HEADERS_X-FOO": "[bar]", "REGISTRY_HTTP_HEADERS_X-New": '["*"]' },
    },
    (c) => c.http.headers,
    { "X-Foo": ["bar"], "x-new": ["*"] },
  ],
  [
    "HTTP_TLS_CLIENTCAS_0",
    { env: { REGISTRY_HTTP_TLS_CERTIFICATE: "/a", REGISTRY_HTTP_TLS_KEY: "/b", REGISTRY_HTTP_TLS_CLIENTCAS_0: "/ca" } },
    (c) => c.http.tls?.clientCaPaths,
    ["/ca"],
  ],
  [
    "a number where text belongs stays as written",
    { env: { REGISTRY_AUTH_HTPASSWD_REALM: "0x1F", REGISTRY_AUTH_HTPASSWD_PATH: "/p" } },
    (c) => c.auth,
    { kind: "htpasswd", realm: "0x1F", path: "/p" },
  ],
  [
    "quotes of YAML are taken off",
    { env: { REGISTRY_AUTH_HTPASSWD_REALM: '"a \\"b\\""', REGISTRY_AUTH_HTPASSWD_PATH: "'/p'" } },
    (c) => c.auth,
    { kind: "htpasswd", realm: 'a "b"', path: "/p" },
  ],
  [
    "text that is no YAML scalar is text",
    { env: { REGISTRY_AUTH_HTPASSWD_REALM: "Registry: @home #1", REGISTRY_AUTH_HTPASSWD_PATH: "@p" } },
    (c) => c.auth,
    { kind: "htpasswd", realm: "Registry: @home #1", path: "@p" },
  ],
  [
    "own keys",
    {
      env: {
        REGISTRY_HTTP_LIMITS_MAXBLOBBYTES: "1GiB",
        REGISTRY_HTTP_TRUSTEDPROXIES: "[10.0.0.0/8]",
        REGISTRY_DATABASE_PATH: "/d",
      },
    },
    (c) => [c.http.limits.maxBlobBytes, c.http.trustedProxies, c.database.path],
    [1024 ** 3, ["10.0.0.0/8"], "/d"],
  ],
];

describe("a variable", () => {
  test.each(common)("%s", (_name, given, pick, expected) => {
    const loaded = load(given);
    expect(pick(loaded.config)).toEqual(expected);
    expect(loaded.warnings).toEqual([]);
  });

  test.each(listKeys().filter((key) => key.path !== "version"))("$variable finds $path", ({ variable }) => {
    const env = { [variable.replace("<n>", "0")]: "" };
    let found: readonly { message: string }[];
    try {
      found = load({ env }).warnings;
    } catch {
      found = problemsOf({ env });
    }
    expect(found.filter((finding) => finding.message.includes("no such key"))).toEqual([]);
  });
});

describe("a secret", () => {
  const acme = {
    REGISTRY_HTTP_TLS_ACME_HOSTS: "[a.example]",
    REGISTRY_HTTP_TLS_ACME_TERMSAGREED: "true",
    REGISTRY_HTTP_TLS_ACME_EAB_KEYID: "k",
  };
  const hmacKey = "REGISTRY_HTTP_TLS_ACME_EAB_HMACKEY";
  const account = (given: Given) => {
    const certificate = load(given).config.http.tls?.certificate;
    return certificate?.kind === "acme" ? certificate.externalAccount : undefined;
  };

  test.each([
    ["abc\n", "abc"],
    ["abc\r\n", "abc"],
    ["a: [b\n\n", "a: [b\n"],
    ["  # abc", "  # abc"],
  ])("from the file %j is %j", (content, expected) => {
    const env = { ...acme, [`${hmacKey}_FILE`]: "/run/secrets/hmac" };
    expect(account({ env, files: { "/run/secrets/hmac": content } })).toEqual({ keyId: "k", hmacKey: expected });
  });

  test.each(["@a", "#a", "*a", "&a", "!a", "%a", "{a", "a: b", "- a", "'a"])("%j is itself", (secret) => {
    expect(account({ env: { ...acme, [hmacKey]: secret } })).toEqual({ keyId: "k", hmacKey: secret });
  });

  test("that cannot be read is a problem", () => {
    expect(problemsOf({ env: { ...acme, [`${hmacKey}_FILE`]: "/gone" } })[0]).toEqual({
      path: "http.tls.acme.eab.hmackey",
      source: `${hmacKey}_FILE`,
      message: 'the file "/gone" cannot be read: no such file',
    });
  });

  test("that is given twice is a problem", () => {
    const env = { ...acme, [hmacKey]: "a", [`${hmacKey}_FILE`]: "/x" };
    expect(problemsOf({ env, files: { "/x": "b" } })[0]?.message).toContain(`is set by ${hmacKey} too`);
  });

  test("REGISTRY_HTTP_SECRET_FILE names the file of the secret", () => {
    const { config } = load({ env: { REGISTRY_HTTP_SECRET_FILE: "/s" }, files: { "/s": "abc\n" } });
    expect(config.http.secret).toBe("abc");
  });

  test("a key that is none takes no file", () => {
    const { warnings } = load({ env: { REGISTRY_HTTP_HOST_FILE: "/x" } });
    expect(warnings.map((warning) => warning.path)).toEqual(["REGISTRY_HTTP_HOST_FILE"]);
  });
});

describe("what a variable cannot do", () => {
  const rows: readonly (readonly [name: string, given: Given, path: string, source: string, message: string])[] = [
    [
      "a bad value",
      { env: { REGISTRY_HTTP_DRAINTIMEOUT: "soon" } },
      "http.draintimeout",
      "REGISTRY_HTTP_DRAINTIMEOUT",
      "not a duration",
    ],
    [
      "a bad value in a group",
      { env: { REGISTRY_HTTP_LIMITS: "{idletimeout: 1h}" } },
      "http.limits.idletimeout",
      "REGISTRY_HTTP_LIMITS",
      "too long",
    ],
    [
      "bad YAML for a group",
      { env: { REGISTRY_HTTP_LIMITS: "{" } },
      "http.limits",
      "REGISTRY_HTTP_LIMITS",
      "not valid YAML",
    ],
    [
      "an unknown key in a group",
      { env: { REGISTRY_HTTP_LIMITS: "{idle: 1s}" } },
      "http.limits.idle",
      "REGISTRY_HTTP_LIMITS",
      "no key",
    ],
    [
      "an index beyond the end",
      { env: { REGISTRY_HEALTH_TCPCHECKERS_1_ADDR: "x:1" } },
      "REGISTRY_HEALTH_TCPCHECKERS_1_ADDR",
      "REGISTRY_HEALTH_TCPCHECKERS_1_ADDR",
      "undefined index 1",
    ],
    [
      "an index that is none",
      { env: { REGISTRY_HEALTH_TCPCHECKERS_A_ADDR: "x:1" } },
      "REGISTRY_HEALTH_TCPCHECKERS_A_ADDR",
      "REGISTRY_HEALTH_TCPCHECKERS_A_ADDR",
      "not the index",
    ],
    [
      "two drivers",
      { file: "storage: {filesystem: {}}", env: { REGISTRY_STORAGE_INMEMORY: "" } },
      "storage",
      "config.yml line 1",
      "REGISTRY_STORAGE=<kind>",
    ],
    [
      "S3 beside the file's filesystem",
      {
        file: imageOfRegistry2.replace(":5000", "localhost:5000"),
        env: { REGISTRY_STORAGE_S3_BUCKET: "b", REGISTRY_STORAGE_S3_REGION: "r" },
      },
      "storage.s3",
      "REGISTRY_STORAGE_S3_BUCKET",
      "does not work",
    ],
    [
      "S3 by its name",
      { env: { REGISTRY_STORAGE: "s3", REGISTRY_STORAGE_S3_SECRETKEY: "@x" } },
      "storage.s3",
      "REGISTRY_STORAGE",
      "does not work",
    ],
    [
      "a proxy",
      {
        env: {
          REGISTRY_PROXY_REMOTEURL: "https://registry-1.docker.io",
          REGISTRY_PROXY_USERNAME: "u",
          REGISTRY_PROXY_PASSWORD: "p",
          REGISTRY_PROXY_TTL: "1h",
        },
      },
      "proxy",
      "REGISTRY_PROXY_PASSWORD",
      "does not work",
    ],
    [
      "an endpoint",
      { env: { REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: "https://x", REGISTRY_NOTIFICATIONS_ENDPOINTS_0_NAME: "n" } },
      "notifications.endpoints",
      "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_NAME",
      "does not work",
    ],
  ];

  test.each(rows)("%s", (_name, given, path, source, message) => {
    expect(problemsOf(given)).toEqual([{ path, source, message: expect.stringContaining(message) }]);
  });

  test("an unknown one is a warning with the nearest", () => {
    const { warnings } = load({
      env: { REGISTRY_STORAGE_DELETE_ENABLE: "true", REGISTRY_QUUX: "1", REGISTRY_PORT: "5000" },
    });
    expect(warnings.map((warning) => [warning.path, warning.suggestion])).toEqual([
      ["REGISTRY_PORT", undefined],
      ["REGISTRY_QUUX", undefined],
      ["REGISTRY_STORAGE_DELETE_ENABLE", "REGISTRY_STORAGE_DELETE_ENABLED"],
    ]);
  });

  test("the version is not overridden", () => {
    const { warnings } = load({ env: { REGISTRY_VERSION: "2.8.3" } });
    expect(warnings).toEqual([
      { path: "REGISTRY_VERSION", source: "REGISTRY_VERSION", message: expect.stringContaining("version") },
    ]);
  });

  test("the path of the file, names of links and other names are passed over", () => {
    const env = {
      [configurationPathVariable]: "/etc/berth.yml",
      REGISTRY_UI_SERVICE_HOST: "10.0.0.1",
      REGISTRY_UI_SERVICE_PORT_HTTP: "80",
      REGISTRY_UI_PORT_80_TCP_ADDR: "10.0.0.1",
      REGISTRYX: "1",
      HOME: "/",
    };
    expect(load({ env }).warnings).toEqual([]);
  });

  test("variables of keys that are not needed are known", () => {
    const env = {
      REGISTRY_LOG_HOOKS_0_MAILOPTIONS_SMTP_ADDR: "x:25",
      REGISTRY_REDIS_ADDRS: "[x:1]",
      REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES: "true",
    };
    expect(load({ env }).warnings.map((warning) => warning.path)).toEqual([
      "log.hooks",
      "notifications.events",
      "redis",
    ]);
  });
});
