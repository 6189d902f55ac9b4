import {
  type Digest,
  parseDigest,
  parseReference,
  parseRepositoryName,
  type Reference,
  type RepositoryName,
} from "../../oci/index.ts";

/** An endpoint of the registry API, with what its path's parts are. */
type RouteOf<Name, Ref, Hash> =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "extensions" }
  | { readonly kind: "tags"; readonly name: Name }
  | { readonly kind: "manifest"; readonly name: Name; readonly reference: Ref }
  | { readonly kind: "blob"; readonly name: Name; readonly digest: Hash }
  | { readonly kind: "uploads"; readonly name: Name }
  | { readonly kind: "upload"; readonly name: Name; readonly id: string }
  | { readonly kind: "referrers"; readonly name: Name; readonly digest: Hash };

/** As the path was sent: nothing is validated here. */
export type Route = RouteOf<string, string, string>;

/** With names, references and digests that are some. */
export type ParsedRoute = RouteOf<RepositoryName, Reference, Digest>;

export type RouteKind = Route["kind"];

/** What endpoints are called where requests are told of: registry:2's names in metrics, so that its dashboards go on working. */
export const ENDPOINT_NAMES: Readonly<Record<RouteKind, { readonly metric: string; readonly path: string }>> = {
  base: { metric: "base", path: "/v2/" },
  catalog: { metric: "catalog", path: "/v2/_catalog" },
  extensions: { metric: "extensions", path: "/v2/_oci/ext/discover" },
  tags: { metric: "tags", path: "/v2/{name}/tags/list" },
  manifest: { metric: "manifest", path: "/v2/{name}/manifests/{reference}" },
  blob: { metric: "blob", path: "/v2/{name}/blobs/{digest}" },
  uploads: { metric: "blob_upload", path: "/v2/{name}/blobs/uploads/" },
  upload: { metric: "blob_upload_chunk", path: "/v2/{name}/blobs/uploads/{uuid}" },
  referrers: { metric: "referrers", path: "/v2/{name}/referrers/{digest}" },
};

/**
 * Repository names contain slashes and may even be called `a/blobs/b`, so a path is read from its right end.
 * @param path percent-decoded, starting with `/`
 * @returns `undefined` if it is no path of the registry API
 * @spec OCI distribution-spec, "Endpoints"
 */
export function matchRoute(path: string): Route | undefined {
  if (path === "/v2/" || path === "/v2") return { kind: "base" };
  if (!path.startsWith("/v2/")) return undefined;
  if (path === "/v2/_catalog") return { kind: "catalog" };
  if (path === "/v2/_oci/ext/discover") return { kind: "extensions" };

  // A trailing slash is as good as none: clients send both forms for uploads.
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  const lastSlash = path.lastIndexOf("/", end - 1);
  const last = path.slice(lastSlash + 1, end);
  const verbSlash = path.lastIndexOf("/", lastSlash - 1);
  const verb = path.slice(verbSlash + 1, lastSlash);
  const name = path.slice("/v2/".length, verbSlash);

  if (verb === "manifests") return route(name, { kind: "manifest", name, reference: last });
  if (verb === "blobs")
    return route(name, last === "uploads" ? { kind: "uploads", name } : { kind: "blob", name, digest: last });
  if (verb === "uploads" && name.endsWith("/blobs")) {
    const repository = name.slice(0, -"/blobs".length);
    return route(repository, { kind: "upload", name: repository, id: last });
  }
  if (verb === "tags" && last === "list") return route(name, { kind: "tags", name });
  if (verb === "referrers") return route(name, { kind: "referrers", name, digest: last });
  return undefined;
}

function route(name: string, matched: Route): Route | undefined {
  return name === "" ? undefined : matched;
}

/** @throws RegistryError `name-invalid`, `digest-invalid`, `tag-invalid` */
export function parseRoute(sent: Route): ParsedRoute {
  if (!("name" in sent)) return sent;
  const name = parseRepositoryName(sent.name);
  if (sent.kind === "manifest") return { kind: sent.kind, name, reference: parseReference(sent.reference) };
  if ("digest" in sent) return { kind: sent.kind, name, digest: parseDigest(sent.digest) };
  return sent.kind === "upload" ? { kind: sent.kind, name, id: sent.id } : { kind: sent.kind, name };
}
