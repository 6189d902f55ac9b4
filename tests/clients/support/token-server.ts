import { X509Certificate } from "node:crypto";

import { calculateJwkThumbprint, exportJWK, importPKCS8, SignJWT } from "jose";

import type { Certificates } from "../../support/certificates.ts";
import type { Login } from "../../support/registry-client.ts";

/** Somebody whom the server knows, and the actions that it gives them by repository. */
export interface TokenUser extends Login {
  readonly may: Readonly<Record<string, readonly string[]>>;
}

/** An authorization server of its own, as small as one can be: `auth.token` is for what is like it. */
export interface TokenServer {
  /** Where clients are sent. */
  readonly realm: string;
  /** How many tokens it has given. */
  issued(): number;
  stop(): Promise<void>;
}

export const SERVICE = "the registry of the tests";
export const ISSUER = "the token server of the tests";

export interface TokenServerParts {
  /** Signs with the key of the certificate. */
  readonly certificates: Certificates;
  readonly users: readonly TokenUser[];
  /** How a token says what it is signed with: by its certificate, or by the name of the key. */
  readonly names: "x5c" | "kid";
}

interface Asked {
  readonly user: TokenUser | undefined;
  readonly fields: URLSearchParams;
}

export function startTokenServer({ users, ...signing }: TokenServerParts): TokenServer {
  let count = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { user, fields } = await readRequest(request, users);
      if (!user) return new Response("{}", { status: 401 });
      count++;
      const token = await signToken(
        signing,
        user,
        fields.getAll("scope").flatMap((scopes) => scopes.split(" ")),
      );
      return Response.json({ token, access_token: token, expires_in: 300, refresh_token: `refresh ${user.user}` });
    },
  });
  return { realm: `http://127.0.0.1:${server.port}/token`, issued: () => count, stop: () => server.stop(true) };
}

async function readRequest(request: Request, users: readonly TokenUser[]): Promise<Asked> {
  const isForm = request.method === "POST";
  const fields = isForm ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams;
  const refresh = fields.get("refresh_token");
  if (refresh !== null) return { fields, user: users.find(({ user }) => refresh === `refresh ${user}`) };
  const basic = /^Basic (.*)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const login = isForm ? `${fields.get("username")}:${fields.get("password")}` : atob(basic);
  return { fields, user: users.find(({ user, password }) => login === `${user}:${password}`) };
}

/** @returns a token with as much of the scopes as the user may have */
export async function signToken(
  { certificates, names }: Pick<TokenServerParts, "certificates" | "names">,
  { user, may }: Pick<TokenUser, "user" | "may">,
  scopes: readonly string[],
): Promise<string> {
  const key = await importPKCS8(await Bun.file(certificates.key).text(), "ES256");
  const certificate = new X509Certificate(await Bun.file(certificates.certificate).text());
  const access = scopes
    .map((scope) => /^(\w+):(.+):([\w,*]+)$/.exec(scope) ?? [])
    .map(([, type = "", name = "", actions = ""]) => ({
      type,
      name,
      actions: actions.split(",").filter((action) => may[name]?.includes(action)),
    }))
    .filter(({ actions }) => actions.length > 0);
  const header =
    names === "x5c"
      ? { x5c: [certificate.raw.toString("base64")] }
      : { kid: await calculateJwkThumbprint(await exportJWK(certificate.publicKey)) };
  return new SignJWT({ access })
    .setProtectedHeader({ typ: "JWT", alg: "ES256", ...header })
    .setIssuer(ISSUER)
    .setSubject(user)
    .setAudience(SERVICE)
    .setIssuedAt()
    .setNotBefore("0s")
    .setExpirationTime("5m")
    .setJti(crypto.randomUUID())
    .sign(key);
}
