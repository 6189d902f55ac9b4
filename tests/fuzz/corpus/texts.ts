/** Names, references and paths as clients send them. */
export const HEX_256 = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
export const HEX_512 = HEX_256.repeat(2);
export const DIGEST = `sha256:${HEX_256}`;

export const REPOSITORY_NAMES = [
  "busybox",
  "library/alpine",
  "team/app/api",
  "a",
  "0",
  "a.b_c__d---e/f-g.h",
  "charts/ingress-nginx",
  "a/blobs/b",
  "x/manifests",
  "x/tags/list",
  "x/blobs/uploads",
  "_catalog",
  "sigstore-tuf-root.d/with__two/and--more",
  "a/".repeat(127) + "a",
  "a".repeat(255),
  "a".repeat(256),
  "a-".repeat(127) + "a",
  "registry.example:5000/app",
  "Library/Alpine",
  "a//b",
  "../etc/passwd",
];

export const REFERENCES = [
  "latest",
  "1.2.3",
  "v1.0.0-rc.1_build.5",
  "_private",
  "a".repeat(128),
  "a".repeat(129),
  `sha256-${HEX_256}.sig`,
  `sha256-${HEX_256}`,
  DIGEST,
  `sha512:${HEX_512}`,
  `sha384:${HEX_256.repeat(3).slice(0, 96)}`,
  `SHA256:${HEX_256.toUpperCase()}`,
  "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
  "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
  "sha256:",
  ":",
  ".hidden",
  "-dash",
];

export const UPLOAD_ID = "0190a6f0-6c1e-7d1b-8f6a-2b1f3c4d5e6f";

export const PATHS = [
  "/v2/",
  "/v2",
  "/v2/_catalog?n=100&last=a",
  "/v2/_oci/ext/discover",
  "/v2/library/alpine/tags/list?n=5",
  "/v2/library/alpine/manifests/latest",
  `/v2/library/alpine/manifests/${DIGEST}`,
  `/v2/library/alpine/blobs/${DIGEST}`,
  "/v2/library/alpine/blobs/uploads/",
  "/v2/library/alpine/blobs/uploads",
  `/v2/library/alpine/blobs/uploads/${UPLOAD_ID}?_state=x`,
  `/v2/library/alpine/referrers/${DIGEST}?artifactType=application%2Fspdx%2Bjson`,
  `/v2/a/blobs/b/blobs/${DIGEST}`,
  "/v2/a/blobs/uploads/b/blobs/uploads/c",
  "/v2/manifests/manifests/manifests",
  "/v2/%2e%2e/manifests/latest",
  "/v2/a%2fb/tags/list",
  "/v2/../../etc/passwd",
  "/v2/a/../b/tags/list/",
  "/metrics",
  "/",
];
