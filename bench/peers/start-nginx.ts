import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import type { Certificate } from "./make-certificate.ts";
import type { Peer } from "./peer.ts";
import { startServer } from "./start-server.ts";

/** Where nginx takes files by PUT. */
export const NGINX_UPLOADS = "/uploads/";

/**
 * Starts nginx with one worker over `folder`/www, whose files lie under the registry's own paths. With a certificate it
 * speaks TLS only.
 */
export async function startNginx(folder: string, certificate?: Certificate): Promise<Peer> {
  const port = findFreePort();
  await mkdir(join(folder, "www"), { recursive: true });
  await Bun.write(join(folder, "www", "ready"), "ready\n");
  const configFile = join(folder, "nginx.conf");
  await Bun.write(configFile, nginxConfig(port, folder, certificate));
  const command = ["nginx", "-p", folder, "-c", configFile];
  const certificateFile = certificate?.certificateFile;
  const logFile = join(folder, "server.log");
  return startServer({ name: "nginx", command, port, certificateFile, readyPath: "/ready", logFile });
}

/** Puts bytes where nginx answers them under a registry path such as `/v2/app/manifests/1.0`. */
export async function putStaticFile(nginxFolder: string, path: string, bytes: Bun.BunFile | Uint8Array): Promise<void> {
  await Bun.write(join(nginxFolder, "www", path), bytes);
}

function nginxConfig(port: number, folder: string, certificate?: Certificate): string {
  const listen =
    certificate === undefined
      ? `listen 127.0.0.1:${port};`
      : `listen 127.0.0.1:${port} ssl; ssl_certificate ${certificate.certificateFile}; ssl_certificate_key ${certificate.keyFile};`;
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/tmp-body;
  proxy_temp_path ${folder}/tmp-proxy;
  fastcgi_temp_path ${folder}/tmp-fastcgi;
  uwsgi_temp_path ${folder}/tmp-uwsgi;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;
  scgi_temp_path ${folder}/tmp-scgi;
  server {
    ${listen}
    root ${folder}/www;
    location ${NGINX_UPLOADS} { dav_methods PUT; create_full_put_path on; client_max_body_size 0; }
  }
}
`;
}
