import { expect, test } from "bun:test";
import { readClient, writeClient } from "../../../../src/http/siblings/client-header.ts";

test.each([
  { remoteAddress: "192.0.2.1", remotePort: 4711, tls: false },
  { remoteAddress: "2001:db8::1", remotePort: 0, tls: true, clientCertificate: Buffer.from([0, 255, 48, 130]) },
])("a process learns from another one who the client is: %j", (client) => {
  expect(readClient(writeClient({ ...client }))).toEqual(client);
});
