import {
  byteSize,
  countOrAuto,
  durationBetween,
  flag,
  headerValue,
  hostPort,
  network,
  oneOf,
  publicHost,
  text,
  timeout,
  urlPath,
  urlPrefix,
  wholeNumber,
} from "../values/value-types.ts";
import { accepted, group, headersOf, listOf, optional, setting } from "./key.ts";
import { rateLimitKeys } from "./rate-limit-keys.ts";
import { tlsKeys } from "./tls-keys.ts";

const http1 = "HTTP/1.1 is served; a proxy in front may speak HTTP/2.";

const debugKeys = group("A second server for probes and metrics: plain HTTP, no login; keep it inside.", {
  addr: optional(hostPort, "Where it listens; without it there is none."),
  prometheus: group("Metrics for Prometheus on the debug server.", {
    enabled: setting(flag, "false", "Serves them."),
    path: setting(urlPath, "/metrics", "Under which path."),
  }),
});

const limitKeys = group("What clients may ask for.", {
  idletimeout: setting(durationBetween(1000, 255_000), "120s", "How long a connection may rest, 1s to 255s."),
  maxblobbytes: setting(byteSize, "0", "The largest blob that may be pushed, for example `20GiB`; 0: no limit."),
});

const metricsKeys = group("Metrics for Prometheus on the main address; they need a login when there is one.", {
  enabled: setting(flag, "false", "Serves them."),
  path: setting(urlPath, "/metrics", "Under which path."),
  namespaces: optional(
    wholeNumber(0),
    "How many namespaces, quotas and clusters the metrics tell apart, here and on the debug server; the rest of the namespaces " +
      "is `_other`. 0: none. Whoever may read metrics sees their names.",
    { defaultNote: "100, and 0 with `enabled`" },
  ),
});

export const httpKeys = group("The server that clients talk to.", {
  addr: setting(
    text,
    "127.0.0.1:5000",
    "`host:port`, `:port` for all addresses, or the path of a socket (`net: unix`).",
  ),
  net: setting(oneOf("tcp", "unix"), "tcp", "What `addr` is."),
  prefix: setting(urlPrefix, "/", "Path in front of `/v2/`, for a proxy that passes it on."),
  host: optional(
    publicHost,
    "How clients reach the registry, for example `https://registry.example`; used in `Location`.",
  ),
  relativeurls: setting(flag, "false", "Sends `Location` without scheme and host."),
  processes: setting(
    countOrAuto,
    "auto",
    "How many processes serve together on one address (Linux). `auto`: one for every two processors, at most 8; one where " +
      "there are no more than two, on a socket, with ACME or without a disk.",
  ),
  draintimeout: setting(timeout, "5s", "How long requests may go on after the signal to stop."),
  headers: headersOf(headerValue, "Added to every answer, for example `{X-Content-Type-Options: [nosniff]}`."),
  trustedproxies: listOf(network, "Networks of proxies whose `X-Forwarded-*` and `Forwarded` headers are believed."),
  tls: tlsKeys,
  debug: debugKeys,
  limits: limitKeys,
  ratelimits: rateLimitKeys,
  metrics: metricsKeys,
  secret: optional(
    text,
    "Seals the keys that tokens are signed with; long and random. Without it the secret is made and kept beside the database.",
    { secret: true },
  ),
  http2: accepted("HTTP/2.", http1),
  h2c: accepted("HTTP/2 without TLS.", http1),
});
