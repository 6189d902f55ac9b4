import { describe, expect, test } from "bun:test";
import type { CertificateHeaderOptions } from "../../../src/auth/index.ts";
import { ClientCertificates } from "../../../src/http/client-certificates.ts";
import { Networks } from "../../../src/runtime/networks.ts";
import { CN, issue, pemOf } from "../auth/client-certificates/issued.ts";

const DER = issue({ subject: [[[CN, "alice"]]] });
const PEM = pemOf(DER);
const BASE64 = Buffer.from(DER).toString("base64");
const OWN = issue({ subject: [[[CN, "proxy"]]] });
const PROXY = "10.0.0.1";

interface Asked {
  readonly header?: Readonly<Record<string, string>>;
  readonly format?: CertificateHeaderOptions["format"] | "none";
  readonly from?: string;
  readonly method?: string;
}

/** What is found: the certificate of the client, that of the connection, or why there is none. */
function find({ header = {}, format = "pem", from = PROXY, method = "GET" }: Asked): string {
  const options = format === "none" ? undefined : { name: "x-client-cert", format };
  const certificates = new ClientCertificates(options, new Networks(["10.0.0.0/8"]));
  const request = new Request("http://registry.test/v2/", { method, headers: header });
  const connection = {
    remoteAddress: from,
    remotePort: 1,
    tls: true,
    clientCertificate: OWN,
    expectLongTransfer: () => undefined,
    withoutIdleTimeout: <T>(work: () => Promise<T>) => work(),
  };
  try {
    const found = certificates.find(request, connection);
    if (found === undefined) return "none";
    return Buffer.from(found).equals(DER) ? "client's" : found === OWN ? "connection's" : "another";
  } catch (error) {
    return (error as { kind: string }).kind;
  }
}

const sent = (value: string) => ({ header: { "x-client-cert": value } });

describe("a certificate that a trusted proxy passes on", () => {
  test.each([
    ["nginx's", encodeURIComponent(PEM)],
    ["with the plus sign as it is", encodeURIComponent(PEM).replaceAll("%2B", "+").replaceAll("%2F", "/")],
    ["HAProxy's base64", BASE64],
    ["Traefik's encoded base64", encodeURIComponent(BASE64)],
  ])("is taken: %s", (_, value) => expect(find(sent(value))).toBe("client's"));

  test.each([
    ["words", "none"],
    ["a broken encoding", "%E0%A4%A"],
    ["two", `${encodeURIComponent(PEM)}${encodeURIComponent(PEM)}`],
    ["two, by two headers", `${encodeURIComponent(PEM)}, ${encodeURIComponent(PEM)}`],
    ["a key", encodeURIComponent(PEM.replaceAll("CERTIFICATE", "PRIVATE KEY"))],
    ["cut", encodeURIComponent(PEM).replace("MII", "")],
    ["with something behind it", Buffer.concat([DER, DER]).toString("base64")],
    ["another alphabet", BASE64.replace("M", "-")],
    ["too much", BASE64.repeat(100)],
    ["as many blanks as a head may have", `${"%20".repeat(5400)}-`],
  ])("is refused when it is %s", (_, value) => expect(find(sent(value))).toBe("login-failed"));

  test("is none without the header, whatever the proxy has shown itself", () => {
    expect(find({})).toBe("none");
    expect(find(sent(""))).toBe("none");
  });
});

describe("Envoy's header", () => {
  const cert = `Cert="${encodeURIComponent(PEM)}"`;
  const by = `By=spiffe://acme/proxy;Hash=${"a".repeat(64)}`;

  test.each([
    ["alone", cert],
    ["with other keys", `${by};${cert};Subject="CN=alice,O=\\"x;y\\"";URI=spiffe://acme/ci/a`],
    ["in any case", cert.replace("Cert", "cert")],
    ["without quotes", cert.replaceAll('"', "")],
  ])("has it %s", (_, value) => expect(find({ ...sent(value), format: "xfcc" })).toBe("client's"));

  test.each([
    ["several elements", `${cert},${by};${cert}`],
    ["an element in front that somebody made up", `Hash=x,${cert}`],
    ["the certificate twice", `${cert};${cert}`],
    ["no certificate", by],
    ["it inside of another value", `Subject="${cert.replaceAll('"', '\\"')}"`],
    ["what is no pair", `x;${cert}`],
    ["a quote that does not end", cert.slice(0, -1)],
    ["as many letters as a head may have", "a".repeat(16_000)],
  ])("is refused with %s", (_, value) => expect(find({ ...sent(value), format: "xfcc" })).toBe("login-failed"));
});

describe("the certificate of the connection", () => {
  test("is the client's where nobody else passes one on", () => {
    expect(find({ format: "none" })).toBe("connection's");
    expect(find({ from: "192.0.2.1" })).toBe("connection's");
  });

  test("is not replaced by a header of whom nobody trusts", () => {
    expect(find({ ...sent(encodeURIComponent(PEM)), from: "192.0.2.1" })).toBe("connection's");
    expect(find({ ...sent(encodeURIComponent(PEM)), from: "" })).toBe("connection's");
    expect(find({ ...sent(encodeURIComponent(PEM)), format: "none" })).toBe("connection's");
  });
});

describe("a browser", () => {
  test.each([
    ["POST", "cross-site", "none"],
    ["DELETE", "same-site", "none"],
    ["POST", "same-origin", "connection's"],
    ["POST", "none", "connection's"],
    ["GET", "cross-site", "connection's"],
  ])("that sends %s from a page of %s shows %s", (method, site, expected) => {
    const header = { "sec-fetch-site": site };
    expect(find({ header, method, format: "none" })).toBe(expected);
    const passedOn = find({ header: { ...header, ...sent(BASE64).header }, method });
    expect(passedOn).toBe(expected === "none" ? "none" : "client's");
  });
});
