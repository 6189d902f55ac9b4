import { age, flag, headerValue, oneOf, path, syslogAddress, webUrl } from "../values/value-types.ts";
import { group, headersOf, optional, optionalGroup, required, setting } from "./key.ts";

/** The numbers are those of RFC 5424. */
export const syslogFacilities = {
  user: 1,
  daemon: 3,
  auth: 4,
  authpriv: 10,
  audit: 13,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

const facilityNames = Object.keys(syslogFacilities) as (keyof typeof syslogFacilities)[];

const syslogKeys = optionalGroup("Messages of RFC 5424. Over UDP nobody knows whether one arrives.", {
  address: required(
    syslogAddress,
    "`udp://host:514`, `tcp://host:601`, `tls://host:6514`, or `unix:/path` of a stream socket. Messages of a stream have " +
      "their length before them.",
  ),
  facility: setting(oneOf(...facilityNames), "audit", "What the receiver sorts them by."),
  ca: optional(path, "With `tls:`, the authority of the receiver's certificate, where the system does not know it."),
  certificate: optional(path, "With `tls:`, a certificate to sign in with."),
  key: optional(path, "Its key."),
});

export const auditKeys = group("The trail of who did what: sign-ins, changes of rights, pushes, deletes.", {
  enabled: optional(flag, "Records pushes and deletes.", { defaultNote: "`true` where one has to sign in" }),
  retention: setting(age, "0s", "How long acts are kept; 0: for good. What was not exported yet is kept longer."),
  exports: group("Where acts are sent as well, each at least once.", {
    syslog: syslogKeys,
    otlp: optionalGroup("A collector of OpenTelemetry: log records, OTLP over HTTP in JSON.", {
      endpoint: required(webUrl, "Such as `https://collector.example:4318`; without a path it is `/v1/logs`."),
      headers: headersOf(headerValue, "Sent with each request, for example `{Authorization: [Bearer …]}`.", {
        secret: true,
      }),
    }),
    file: optionalGroup("A file, one line of JSON each. It may be moved away at any time.", {
      path: required(path, "The file."),
    }),
  }),
});
