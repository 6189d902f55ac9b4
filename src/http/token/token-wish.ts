import { type BasicCredentials, parseBasicCredentials, parseScopes, type TokenAccess } from "../../auth/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import { readForm } from "../read-body.ts";

/** What a client wants a token for. */
export interface TokenWish {
  readonly proof: Proof;
  readonly access: readonly TokenAccess[];
  readonly wantsRefreshToken: boolean;
  /** What the client calls itself. */
  readonly clientId: string | undefined;
  readonly form: "query" | "oauth2" | "exchange";
}

/** Of who somebody is; absent: they do not say. */
export type Proof =
  | { readonly kind: "password"; readonly credentials: BasicCredentials }
  | { readonly kind: "refresh-token"; readonly token: string }
  | undefined;

/**
 * Reads what `GET` asks for in its query.
 * @throws RegistryError `bad-request`, `login-failed`
 * @spec Docker Registry token authentication, "Requesting a Token"
 */
export function readQueryWish(request: Request, fields: URLSearchParams, service: string): TokenWish {
  const credentials = basicCredentials(request);
  const account = single(fields, "account");
  if (credentials && account !== undefined && account !== credentials.username)
    throw new RegistryError("bad-request", "the account is not the one whose password was sent");
  return { ...readFields(fields, service), proof: credentials && { kind: "password", credentials }, form: "query" };
}

function basicCredentials(request: Request): BasicCredentials | undefined {
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  const credentials = parseBasicCredentials(header);
  if (credentials) return credentials;
  // A docker whose refresh token is refused comes again with the token as password, and no user name.
  throw new RegistryError(
    "login-failed",
    "log in again: a token is given for a user name and a password, sent as Basic",
  );
}

/** A name that stands for whoever an ID token in the place of the password is of. */
const BY_ID_TOKEN = "oidc";

const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const SUBJECT_TOKEN_TYPES = ["urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt"];

/** What the answer to an exchange says that it is. */
export const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

/**
 * Reads what `POST` asks for in its form.
 * @throws RegistryError `bad-request`, `upload-interrupted`
 * @spec Docker Registry, "Token OAuth2 Specification"; RFC 8693, 2.1
 */
export async function readFormWish(request: Request, service: string): Promise<TokenWish> {
  const fields = await readForm(request);
  const common = readFields(fields, service);
  const grant = required(fields, "grant_type");
  if (grant === "password") {
    const credentials = { username: required(fields, "username"), password: required(fields, "password") };
    return { ...common, proof: { kind: "password", credentials }, form: "oauth2" };
  }
  if (grant === "refresh_token") {
    const token = required(fields, "refresh_token");
    return { ...common, proof: { kind: "refresh-token", token }, form: "oauth2" };
  }
  if (grant === TOKEN_EXCHANGE) return { ...common, ...readExchange(fields, service), form: "exchange" };
  throw new RegistryError(
    "bad-request",
    `grant_type "${shorten(grant)}" is none of password, refresh_token and ${TOKEN_EXCHANGE}`,
  );
}

function readExchange(fields: URLSearchParams, service: string): Pick<TokenWish, "proof" | "wantsRefreshToken"> {
  requireSame(fields, "audience", service);
  if (!SUBJECT_TOKEN_TYPES.includes(required(fields, "subject_token_type")))
    throw new RegistryError("bad-request", `subject_token_type must be ${SUBJECT_TOKEN_TYPES.join(" or ")}`);
  if ((single(fields, "requested_token_type") ?? ACCESS_TOKEN_TYPE) !== ACCESS_TOKEN_TYPE)
    throw new RegistryError("bad-request", `requested_token_type can only be ${ACCESS_TOKEN_TYPE}`);
  if (fields.has("actor_token")) throw new RegistryError("bad-request", "an actor_token is not taken");
  const credentials = { username: BY_ID_TOKEN, password: required(fields, "subject_token") };
  return { proof: { kind: "password", credentials }, wantsRefreshToken: false };
}

function readFields(fields: URLSearchParams, service: string): Omit<TokenWish, "proof" | "form"> {
  requireSame(fields, "service", service);
  return {
    access: parseScopes(fields.getAll("scope")),
    wantsRefreshToken: single(fields, "offline_token") === "true" || single(fields, "access_type") === "offline",
    clientId: single(fields, "client_id"),
  };
}

function requireSame(fields: URLSearchParams, name: string, service: string): void {
  const value = single(fields, name) ?? service;
  if (value !== service)
    throw new RegistryError("bad-request", `${name} "${shorten(value)}" is not known here: this is ${service}`);
}

function required(fields: URLSearchParams, name: string): string {
  const value = single(fields, name);
  if (value !== undefined) return value;
  throw new RegistryError("bad-request", `the form has no ${name}`);
}

/** One that is empty is as good as none. */
function single(fields: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = fields.getAll(name);
  if (more.length > 0) throw new RegistryError("bad-request", `${name} is there several times: send it once`);
  return value === "" ? undefined : value;
}
