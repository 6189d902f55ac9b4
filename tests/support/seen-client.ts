import { Client } from "../../src/http/client.ts";
import { ClientCertificates } from "../../src/http/client-certificates.ts";
import type { Networks } from "../../src/runtime/networks.ts";

/** Who a request comes from, as seen on a connection from `address` (`""`: a unix socket). */
export function seenClient(request: Request, from: { address: string; tls: boolean }, proxies: Networks): Client {
  const edge = {
    proxies,
    certificates: new ClientCertificates(undefined, proxies),
    options: { publicOrigin: undefined },
    newRequestId: () => "request-1",
  };
  const connection = {
    remoteAddress: from.address,
    remotePort: 1,
    tls: from.tls,
    expectLongTransfer: () => undefined,
    withoutIdleTimeout: <T>(work: () => Promise<T>) => work(),
  };
  return new Client(edge, request, connection);
}
