import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConfigError, listKeys, loadConfig } from "../../../src/config/index.ts";
import { load, problemsOf, type Given } from "./loading.ts";

/** `path | source | part of the message | suggestion` */
type Expected = readonly [path: string, source: string, message: string, suggestion?: string];

const rows: readonly (readonly [name: string, given: Given, ...expected: Expected[]])[] = [
  [
    "a schedule that is none",
    { file: "storage: {maintenance: {gc: {schedule: daily}}}" },
    ["storage.maintenance.gc.schedule", "config.yml line 1", '"daily" is no schedule such as "0 3 * * *"'],
  ],
  [
    "a schedule beside an interval",
    { file: "storage: {maintenance: {scrub: {schedule: 0 3 * * *, interval: 24h}}}" },
    ["storage.maintenance.scrub.schedule", "config.yml line 1", "cannot be combined with interval"],
  ],
  ["an unknown key", { file: "http:\n  adr: :5000" }, ["http.adr", "config.yml line 2", "no key", "http.addr"]],
  [
    "capitals",
    { file: "storage: {filesystem: {rootDirectory: /x}}" },
    ["storage.filesystem.rootDirectory", "config.yml line 1", "no key", "storage.filesystem.rootdirectory"],
  ],
  [
    "a key on the wrong level",
    { file: "htpasswd: {path: /x}" },
    ["htpasswd", "config.yml line 1", "no key", "auth.htpasswd"],
  ],
  ["a key like no other", { file: "quux: 1" }, ["quux", "config.yml line 1", "no key"]],
  [
    "an unknown key in a list",
    { file: "health:\n  tcp:\n  - addr: a:1\n    tiemout: 1s" },
    ["health.tcp[0].tiemout", "config.yml line 4", "no key", "health.tcp[0].timeout"],
  ],
  [
    "a mistyped driver",
    { file: "storage: filesytem" },
    ["storage.filesytem", "config.yml line 1", "no key", "storage.filesystem"],
  ],
  ["a syntax error", { file: "http:\n  addr: [" }, ["config.yml line 2", "config.yml line 2", "Flow sequence"]],
  ["a tab", { file: "http:\n\taddr: x" }, ["config.yml line 2", "config.yml line 2", "Tabs are not allowed"]],
  [
    "a line that is indented too deep",
    { file: "storage:\n  filesystem:\n   rootdirectory: /a\n    maxthreads: 100\n" },
    ["config.yml line 4", "config.yml line 4", "is indented deeper than line 3"],
  ],
  ["too many colons", { file: "http: addr: x\n" }, ["config.yml line 1", "config.yml line 1", "Nested mappings"]],
  [
    "a quote that is not closed",
    { file: 'http:\n  addr: ":5000\n\n' },
    ["config.yml line 2", "config.yml line 2", "Missing closing"],
  ],
  [
    "a driver that there is not",
    { file: "storage: {minio: {bucket: x}}" },
    ["storage.minio", "config.yml line 1", "what works here: filesystem, inmemory, delete"],
  ],
  [
    "a key that stands there twice",
    { file: "version: 0.1\nlog: {level: info}\nlog: {level: debug}" },
    ["log", "config.yml line 3", "a second time"],
  ],
  ["an alias without anchor", { file: "log: *a" }, ["config.yml line 1", "config.yml line 1", "Unresolved alias"]],
  ["a list at the top", { file: "- a" }, ["config.yml line 1", "config.yml line 1", "group of keys"]],
  ["text at the top", { file: "hello" }, ["config.yml line 1", "config.yml line 1", "group of keys"]],
  ["text for a group", { file: "http: yes" }, ["http", "config.yml line 1", "group of keys"]],
  ["a list for a group", { file: "http: [a]" }, ["http", "config.yml line 1", "group of keys"]],
  ["a group for text", { file: "http: {host: {a: b}}" }, ["http.host", "config.yml line 1", "an http(s) URL"]],
  ["a group for a list", { file: "health: {file: {file: /x}}" }, ["health.file", "config.yml line 1", "list"]],
  [
    "text for headers",
    { file: "http: {headers: nosniff}" },
    ["http.headers", "config.yml line 1", "group of header names"],
  ],
  ["another version", { file: "version: 0.2" }, ["version", "config.yml line 1", '"0.2" is not 0.1']],
  ["a level", { file: "log: {level: trace}" }, ["log.level", "config.yml line 1", "none of error, warn, info, debug"]],
  ["an old level", { file: "loglevel: trace" }, ["loglevel", "config.yml line 1", "none of"]],
  [
    "a group as a key, as in a template that was not filled in",
    { file: "log:\n  level: {{ level }}" },
    ["config.yml line 2", "config.yml line 2", "a key cannot be a group of keys or a list"],
  ],
  [
    "a list as a key",
    { file: "? [a, b]\n: c" },
    ["config.yml line 1", "config.yml line 1", "a key cannot be a group of keys or a list"],
  ],
  [
    "a group that holds itself",
    { file: "log: &log\n  fields: *log" },
    ["config.yml line 1", "config.yml line 1", "is nested too deeply, or holds itself"],
  ],
  [
    "a flag",
    { file: "storage: {delete: {enabled: maybe}}" },
    ["storage.delete.enabled", "config.yml line 1", "neither true nor false"],
  ],
  ["a duration", { file: "http: {draintimeout: soon}" }, ["http.draintimeout", "config.yml line 1", "not a duration"]],
  [
    "a duration that forgot its unit",
    { file: "http: {draintimeout: 10}" },
    ["http.draintimeout", "config.yml line 1", "write 10s"],
  ],
  [
    "a negative duration",
    { file: "storage: {maintenance: {uploadpurging: {age: -1h}}}" },
    ["storage.maintenance.uploadpurging.age", "config.yml line 1", "negative"],
  ],
  [
    "an interval of nothing",
    { file: "health: {storagedriver: {interval: 0s}}" },
    ["health.storagedriver.interval", "config.yml line 1", "too short"],
  ],
  [
    "an interval beyond the timers",
    { file: "health: {storagedriver: {interval: 600h}}" },
    ["health.storagedriver.interval", "config.yml line 1", "too long"],
  ],
  [
    "an idle time beyond the server's",
    { file: "http: {limits: {idletimeout: 5m}}" },
    ["http.limits.idletimeout", "config.yml line 1", "the most is 255s"],
  ],
  [
    "a size",
    { file: "http: {limits: {maxblobbytes: 10 apples}}" },
    ["http.limits.maxblobbytes", "config.yml line 1", "not a size"],
  ],
  [
    "a number",
    { file: "catalog: {maxentries: many}" },
    ["catalog.maxentries", "config.yml line 1", "not a whole number"],
  ],
  ["a number too small", { file: "tags: {maxtags: 0}" }, ["tags.maxtags", "config.yml line 1", "the least is 1"]],
  [
    "a status",
    { file: "health: {http: [{uri: 'http://x', statuscode: 1000}]}" },
    ["health.http[0].statuscode", "config.yml line 1", "the most is 599"],
  ],
  ["a URL", { file: "health: {http: [{uri: x}]}" }, ["health.http[0].uri", "config.yml line 1", "not a URL"]],
  [
    "a missing URL",
    { file: "health:\n  http:\n  - interval: 1s" },
    ["health.http[0].uri", "config.yml line 3", "is needed"],
  ],
  [
    "a check without a host",
    { file: "health: {tcp: [{addr: ':1'}]}" },
    ["health.tcp[0].addr", "config.yml line 1", "must name a host"],
  ],
  [
    "a host without scheme",
    { file: "http: {host: registry.example}" },
    ["http.host", "config.yml line 1", "https://registry.example"],
  ],
  [
    "a host with a query",
    { file: "http: {host: 'https://x/?a=b'}" },
    ["http.host", "config.yml line 1", "may only have"],
  ],
  ["a prefix", { file: "http: {prefix: '/a?b'}" }, ["http.prefix", "config.yml line 1", "may only have"]],
  ["a header name", { file: "http: {headers: {'X A': [b]}}" }, ["http.headers.X A", "config.yml line 1", "name"]],
  [
    "a header value",
    { file: 'http: {headers: {X-A: ["b\\nc"]}}' },
    ["http.headers.X-A[0]", "config.yml line 1", "printable"],
  ],
  ["a header", { file: "http: {headers: {X-A: [Grüße]}}" }, ["http.headers.X-A[0]", "config.yml line 1", "printable"]],
  [
    "a realm",
    { file: "auth: {htpasswd: {realm: Реестр, path: /p}}" },
    ["auth.htpasswd.realm", "config.yml line 1", "printable"],
  ],
  [
    "a network",
    { file: "http: {trustedproxies: [10.0.0.0/33]}" },
    ["http.trustedproxies[0]", "config.yml line 1", "not a network"],
  ],
  [
    "an address of syslog",
    { file: "audit: {exports: {syslog: {address: 'logs.example:514'}}}" },
    ["audit.exports.syslog.address", "config.yml line 1", "udp://host:514"],
  ],
  [
    "an address of syslog without port",
    { file: "audit: {exports: {syslog: {address: 'udp://logs.example'}}}" },
    ["audit.exports.syslog.address", "config.yml line 1", "host:port"],
  ],
  [
    "syslog without address",
    { file: "audit: {exports: {syslog: {}}}" },
    ["audit.exports.syslog.address", "config.yml line 1", "is needed"],
  ],
  [
    "certificates of a syslog without TLS",
    { file: "audit: {exports: {syslog: {address: 'tcp://a:1', ca: /x}}}" },
    ["audit.exports.syslog", "config.yml line 1", "only an address tls://"],
  ],
  [
    "a certificate for syslog without key",
    { file: "audit: {exports: {syslog: {address: 'tls://a:1', certificate: /x}}}" },
    ["audit.exports.syslog", "config.yml line 1", "both certificate and key"],
  ],
  [
    "a collector that is no URL",
    { file: "audit: {exports: {otlp: {endpoint: collector}}}" },
    ["audit.exports.otlp.endpoint", "config.yml line 1", "not a URL"],
  ],
  ["a port", { file: "http: {addr: 'localhost:65536'}" }, ["http.addr", "config.yml line 1", "no port between"]],
  ["an address without port", { file: "http: {addr: localhost}" }, ["http.addr", "config.yml line 1", "not host:port"]],
  ["a bare port", { file: "http: {addr: 5000}" }, ["http.addr", "config.yml line 1", 'write ":5000"']],
  ["a socket without path", { file: "http: {net: unix}" }, ["http.addr", "config.yml line 1", "path of the socket"]],
  ["a kind of network", { file: "http: {net: udp}" }, ["http.net", "config.yml line 1", "none of tcp, unix"]],
  [
    "a regular expression",
    { file: "validation: {manifests: {urls: {deny: ['(']}}}" },
    ["validation.manifests.urls.deny[0]", "config.yml line 1", "regular expression"],
  ],
  [
    "words in capitals",
    { file: "validation: {manifests: {indexes: {platforms: LIST}}}" },
    ["validation.manifests.indexes.platformlist", "config.yml line 1", "is needed"],
  ],
  [
    "platforms without their list",
    { file: "validation: {manifests: {indexes: {platforms: list}}}" },
    ["validation.manifests.indexes.platformlist", "config.yml line 1", "is needed"],
  ],
  [
    "two drivers",
    { file: "storage:\n  filesystem: {}\n  inmemory: {}" },
    ["storage", "config.yml line 1", "2 storage drivers (filesystem, inmemory)"],
  ],
  [
    "two ways to log in",
    { file: "auth: {none: {}, htpasswd: {path: /x}}" },
    ["auth", "config.yml line 1", "2 ways to log in (htpasswd, none)"],
  ],
  ["htpasswd without a file", { file: "auth: htpasswd" }, ["auth.htpasswd.path", "config.yml line 1", "is needed"]],
  [
    "accounts where nobody signs in",
    { file: "auth: {accounts: {}, none: {}}" },
    ["auth", "config.yml line 1", "2 ways to log in (accounts, none)"],
  ],
  [
    "accounts and a password file where nobody signs in",
    { file: "auth: {accounts: {}, htpasswd: {path: /x}, none: {}}" },
    ["auth", "config.yml line 1", "2 ways to log in (accounts, none)"],
  ],
  [
    "a directory where nobody signs in",
    { file: "auth: {none: {}, ldap: [{name: a, urls: ['ldaps://d.example'], users: {basedn: 'dc=a'}}]}" },
    ["auth.ldap", "config.yml line 1", "auth.none stands alone"],
  ],
  [
    "certificates that nobody could verify",
    { file: "auth: {clientcertificates: {rules: [{match: {san: 'dns:*.acme'}, account: ci}]}}" },
    ["auth.clientcertificates.rules", "config.yml line 1", "needs http.tls.clientcas, or a header"],
  ],
  [
    "a header of certificates that is believed from nobody, and says nothing",
    { file: "auth: {clientcertificates: {header: X-Client-Cert}}" },
    ["auth.clientcertificates.header", "config.yml line 1", "needs rules"],
    ["auth.clientcertificates.header", "config.yml line 1", "needs http.trustedproxies"],
  ],
  [
    "rules of certificates that cannot be",
    {
      file: [
        "http: {trustedproxies: [10.0.0.1]}",
        "auth:",
        "  clientcertificates:",
        "    header: X-Client-Cert",
        "    rules:",
        "    - {account: ci}",
        "    - {match: {subject: 'CN=*'}}",
        "    - {match: {subject: 'CN=*'}, account: ci, from: cn}",
        "    - {match: {san: 'dns:ci.acme'}, from: san}",
        "    - {match: {subject: 'Acme'}, account: ci}",
        "    - {match: {san: 'acme'}, account: ci}",
        "    - {match: {san: 'dns:*a*.acme'}, account: ci}",
      ].join("\n"),
    },
    ["auth.clientcertificates.rules[0].match", "config.yml line 6", "needs subject or san"],
    ["auth.clientcertificates.rules[1].account", "config.yml line 7", "or from is needed"],
    ["auth.clientcertificates.rules[2].account", "config.yml line 8", "not both"],
    ["auth.clientcertificates.rules[3].from", "config.yml line 9", "needs one *"],
    ["auth.clientcertificates.rules[4].match.subject", "config.yml line 10", "such as CN=*,O=Acme"],
    ["auth.clientcertificates.rules[5].match.san", "config.yml line 11", "such as dns:*.ci.acme"],
    ["auth.clientcertificates.rules[6].match.san", "config.yml line 12", "such as dns:*.ci.acme"],
  ],
  [
    "certificates on a socket",
    {
      file: "http: {net: unix, addr: /s, tls: {certificate: /a, key: /b, clientcas: [/c]}}\nauth: {clientcertificates: {rules: [{match: {san: 'dns:*.acme'}, account: ci}]}}",
    },
    ["auth.clientcertificates.rules", "config.yml line 2", "needs a TCP port"],
  ],
  [
    "certificates where nobody signs in",
    {
      file: "http: {tls: {certificate: /a, key: /b, clientcas: [/c]}}\nauth: {none: {}, clientcertificates: {rules: [{match: {san: 'dns:*.acme'}, account: ci}]}}",
    },
    ["auth.clientcertificates.rules", "config.yml line 2", "auth.none stands alone"],
  ],
  [
    "tokens for less than a minute",
    { file: "auth: {accounts: {tokens: {lifetime: 30s}}}" },
    ["auth.accounts.tokens.lifetime", "config.yml line 1", "60s"],
  ],
  [
    "a certificate without key",
    { file: "http: {tls: {certificate: /a}}" },
    ["http.tls.key", "config.yml line 1", "needed with certificate"],
  ],
  [
    "a key without certificate",
    { file: "http: {tls: {key: /a}}" },
    ["http.tls.certificate", "config.yml line 1", "needed with key"],
  ],
  [
    "client certificates without HTTPS",
    { file: "http: {tls: {clientcas: [/a]}}" },
    ["http.tls.clientcas", "config.yml line 1", "needs HTTPS"],
  ],
  [
    "an old TLS version",
    { file: "http: {tls: {minimumtls: tls1.0}}" },
    ["http.tls.minimumtls", "config.yml line 1", "none of tls1.2, tls1.3"],
  ],
  [
    "a cipher suite",
    { file: "http: {tls: {ciphersuites: [TLS_RSA_WITH_RC4_128_SHA]}}" },
    ["http.tls.ciphersuites[0]", "config.yml line 1", "not a cipher suite"],
  ],
  [
    "a cipher suite that is a word of the language",
    { file: "http: {tls: {ciphersuites: [constructor]}}" },
    ["http.tls.ciphersuites[0]", "config.yml line 1", "not a cipher suite"],
  ],
  [
    "ACME without what it needs",
    { file: "http:\n  tls:\n    acme: {challenge: dns-01, eab: {keyid: k}}" },
    ["http.tls.acme.hosts", "config.yml line 3", "is needed"],
    ["http.tls.acme.termsagreed", "config.yml line 3", "must be true"],
    ["http.tls.acme.dnshook", "config.yml line 3", "needed with challenge dns-01"],
    ["http.tls.acme.eab", "config.yml line 3", "both keyid and hmackey"],
  ],
  [
    "ACME for a wildcard without DNS",
    { file: "http: {tls: {acme: {hosts: ['*.x.example'], termsagreed: true}}}" },
    ["http.tls.acme.hosts", "config.yml line 1", "dns-01"],
  ],
  [
    "ACME and a certificate",
    { file: "http: {tls: {certificate: /a, key: /b, acme: {hosts: [x.example], termsagreed: true}}}" },
    ["http.tls.acme", "config.yml line 1", "keep one"],
  ],
  [
    "letsencrypt without folder and names",
    { file: "http: {tls: {letsencrypt: {email: a@x}}}" },
    ["http.tls.letsencrypt.hosts", "config.yml line 1", "is needed"],
    ["http.tls.letsencrypt.cachefile", "config.yml line 1", "is needed"],
  ],
  [
    "a host name",
    { file: "http: {tls: {letsencrypt: {cachefile: /c, hosts: ['https://x']}}}" },
    ["http.tls.letsencrypt.hosts[0]", "config.yml line 1", "not a host name"],
  ],
];

const refusedRows: readonly (readonly [file: string, path: string, message: string])[] = [
  ["storage: {s3: {region: r, bucket: b}}", "storage.s3", "storage.filesystem"],
  ["storage: {s3aws: {bucket: b}}", "storage.s3aws", "storage.filesystem"],
  ["storage: {gcs: {bucket: b}}", "storage.gcs", "storage.filesystem"],
  ["storage: {azure: {container: c, max_retries: 5}}", "storage.azure", "storage.filesystem"],
  ["storage: {swift: {}}", "storage.swift", "registry:3 dropped"],
  ["storage: {oss: {}}", "storage.oss", "registry:3 dropped"],
  ["storage: s3", "storage.s3", "storage.filesystem"],
  ["auth: {silly: {realm: r, service: s}}", "auth.silly", "auth: {none: {}}"],
  ["proxy: {remoteurl: 'https://registry-1.docker.io'}", "proxy", "registry:2 as the mirror"],
  ["notifications: {endpoints: [{name: n, url: 'https://x'}]}", "notifications.endpoints", "disabled: true"],
  ["middleware: {storage: [{name: redirect, options: {baseurl: x}}]}", "middleware.storage", "take it out"],
  ["middleware: {registry: [{name: x}]}", "middleware.registry", "take it out"],
  ["middleware: {repository: [{name: x}]}", "middleware.repository", "take it out"],
];

const warningRows: readonly (readonly [file: string, path: string, message: string])[] = [
  ["http: {http2: {disabled: false}}", "http.http2", "HTTP/1.1"],
  ["http: {h2c: {enabled: true}}", "http.h2c", "HTTP/1.1"],
  ["storage: {cache: {blobdescriptor: redis}}", "storage.cache", "database"],
  ["storage: {tag: {concurrencylimit: 8}}", "storage.tag.concurrencylimit", "database"],
  ["storage: {filesystem: {maxthreads: 100}}", "storage.filesystem.maxthreads", "operating system"],
  ["redis: {addr: 'x:6379', pool: {maxidle: 3}}", "redis", "cached"],
  ["log: {reportcaller: true}", "log.reportcaller", "what happened"],
  ["log: {hooks: [{type: mail, levels: [panic]}]}", "log.hooks", "alarm"],
  ["reporting: {bugsnag: {apikey: k}}", "reporting", "log"],
  ["compatibility: {schema1: {enabled: true}}", "compatibility.schema1", "dropped"],
  ["policy: {repository: {classes: [image]}}", "policy.repository.classes", "all media types"],
  ["validation: {enabled: true}", "validation.enabled", "validation.disabled"],
  ["notifications: {events: {includereferences: true}}", "notifications.events", "no webhooks"],
  ["http: {debug: {prometheus: {enabled: true}}}", "http.debug.prometheus", "http.debug.addr"],
  [
    "http: {tls: {certificate: /a, key: /b, letsencrypt: {cachefile: /c, hosts: [x]}}}",
    "http.tls.letsencrypt",
    "not used",
  ],
];

describe("a problem is named with its place and what to do", () => {
  test.each(rows)("%s", (_name, given, ...expected) => {
    const problems = problemsOf(given);
    expect(problems.map((problem) => [problem.path, problem.source, problem.suggestion])).toEqual(
      expected.map(([path, source, , suggestion]) => [path, source, suggestion]),
    );
    for (const [index, [, , message]] of expected.entries()) expect(problems[index]?.message).toContain(message);
  });
});

describe("keys of registry:2", () => {
  test.each(refusedRows)("%s is refused", (file, path, message) => {
    const problems = problemsOf({ file });
    expect(problems).toEqual([{ path, source: "config.yml line 1", message: expect.stringContaining(message) }]);
  });

  test.each(warningRows)("%s is accepted with a warning", (file, path, message) => {
    const { warnings } = load({ file });
    expect(warnings).toEqual([{ path, source: "config.yml line 1", message: expect.stringContaining(message) }]);
  });

  test.each(["http: {http2: {disabled: true}}", "http: {h2c: {enabled: false}}", "redis: {}", "log: {hooks: []}"])(
    "%s asks for nothing",
    (file) => {
      expect(load({ file }).warnings).toEqual([]);
    },
  );
});

test("all problems are reported at once, and the warnings with them", () => {
  const file =
    "version: 0.3\nlog: {levle: info}\nstorage: {s3: {}, delete: {enabled: 7}}\nhttp: {addr: ':5000'}\nredis: {addr: x}";
  const env = { REGISTRY_HTTP_DRAINTIMEOUT: "never", REGISTRY_HTTP_ADDRESS: "x" };
  let error: unknown;
  try {
    load({ file, env });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  const { problems, warnings } = error as ConfigError;
  expect(problems.map((problem) => problem.path).sort()).toEqual([
    "http.draintimeout",
    "log.levle",
    "storage.delete.enabled",
    "storage.s3",
    "version",
  ]);
  expect(warnings.map((warning) => warning.path).sort()).toEqual(["REGISTRY_HTTP_ADDRESS", "redis"]);
});

test("whatever stands under a key, it loads or is a problem", () => {
  const key = fc.constantFrom(...listKeys());
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 6 }), (entries) => {
      const env = Object.fromEntries(
        entries.map(([{ variable }, given]) => [variable.replace("<n>", "0"), JSON.stringify(given)]),
      );
      try {
        return Object.isFrozen(load({ env }).config);
      } catch (error) {
        return error instanceof ConfigError && error.problems.length > 0;
      }
    }),
    { numRuns: 300 },
  );
});

test("whatever the file holds, it loads or is a problem", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (file) => {
      try {
        return Object.isFrozen(load({ file }).config);
      } catch (error) {
        return error instanceof ConfigError && error.problems.length > 0;
      }
    }),
  );
});

test("a file that cannot be read", () => {
  expect(() => loadConfig({ path: "/nowhere/config.yml", env: {} })).toThrow("/nowhere/config.yml: cannot be read");
});
