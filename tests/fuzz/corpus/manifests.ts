import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../../src/oci/index.ts";
import { DIGEST, HEX_512 } from "./texts.ts";

const digestOf = (hexPair: string) => `sha256:${hexPair.repeat(32)}`;
const descriptor = (mediaType: string, pair: string, size: number, more: object = {}) => ({
  mediaType,
  digest: digestOf(pair),
  size,
  ...more,
});

/** What real clients push, in their order of fields. */
const DOCKER_IMAGE = {
  schemaVersion: 2,
  mediaType: DOCKER_MANIFEST,
  config: descriptor("application/vnd.docker.container.image.v1+json", "1a", 1457),
  layers: [
    descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", "2b", 2_207_038),
    descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", "3c", 32),
  ],
};

const WINDOWS_IMAGE = {
  ...DOCKER_IMAGE,
  layers: [
    descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "4d", 117_106_552, {
      urls: ["https://mcr.microsoft.com/v2/windows/nanoserver/blobs/sha256:4d"],
    }),
  ],
};

const DOCKER_LIST = {
  schemaVersion: 2,
  mediaType: DOCKER_MANIFEST_LIST,
  manifests: [
    descriptor(DOCKER_MANIFEST, "5e", 528, { platform: { architecture: "amd64", os: "linux" } }),
    descriptor(DOCKER_MANIFEST, "6f", 528, { platform: { architecture: "arm", os: "linux", variant: "v7" } }),
    descriptor(DOCKER_MANIFEST, "70", 1080, {
      platform: { architecture: "amd64", os: "windows", "os.version": "10.0.20348.2527" },
    }),
  ],
};

/** buildx with provenance: the attestation is a child for an unknown platform. */
const BUILDKIT_INDEX = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_INDEX,
  manifests: [
    descriptor(OCI_IMAGE_MANIFEST, "81", 480, { platform: { architecture: "arm64", os: "linux", variant: "v8" } }),
    descriptor(OCI_IMAGE_MANIFEST, "92", 566, {
      annotations: {
        "vnd.docker.reference.digest": digestOf("81"),
        "vnd.docker.reference.type": "attestation-manifest",
      },
      platform: { architecture: "unknown", os: "unknown" },
    }),
  ],
};

const BUILDKIT_ATTESTATION = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_MANIFEST,
  config: descriptor("application/vnd.oci.image.config.v1+json", "a3", 241),
  layers: [
    descriptor("application/vnd.in-toto+json", "b4", 13_044, {
      annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
    }),
  ],
};

const EMPTY = descriptor("application/vnd.oci.empty.v1+json", "44", 2, { data: "e30=" });

const ORAS_ARTIFACT = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_MANIFEST,
  artifactType: "application/vnd.example.sbom.v1",
  config: EMPTY,
  layers: [
    descriptor("application/spdx+json", "c5", 104_857_600, {
      annotations: { "org.opencontainers.image.title": "sbom – über alles.json" },
    }),
  ],
  subject: descriptor(OCI_IMAGE_MANIFEST, "81", 480),
  annotations: { "org.opencontainers.image.created": "2026-05-17T10:11:12Z" },
};

const COSIGN_SIGNATURE = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_MANIFEST,
  config: descriptor("application/vnd.oci.image.config.v1+json", "d6", 233),
  layers: [
    descriptor("application/vnd.dev.cosign.simplesigning.v1+json", "e7", 252, {
      annotations: {
        "dev.cosignproject.cosign/signature": "MEUCIQDqX7e0n2v8Jw==",
        "dev.sigstore.cosign/certificate": "-----BEGIN CERTIFICATE-----\nMIICoTCC\n-----END CERTIFICATE-----\n",
      },
    }),
  ],
};

const HELM_CHART = {
  schemaVersion: 2,
  config: descriptor("application/vnd.cncf.helm.config.v1+json", "f8", 501),
  layers: [
    descriptor("application/vnd.cncf.helm.chart.provenance.v1.prov", "09", 874),
    descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "1b", 3_747),
  ],
  annotations: { "org.opencontainers.image.title": "ingress-nginx", "org.opencontainers.image.version": "4.11.0" },
};

const NOTATION_SIGNATURE = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_MANIFEST,
  config: descriptor("application/vnd.cncf.notary.signature", "44", 2),
  layers: [descriptor("application/jose+json", "2c", 2_105)],
  subject: descriptor(OCI_IMAGE_MANIFEST, "81", 480),
  annotations: { "io.cncf.notary.x509chain.thumbprint#S256": '["2f1c"]' },
};

const REFERRERS_INDEX = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_INDEX,
  artifactType: "application/vnd.example.index",
  manifests: [
    descriptor(OCI_IMAGE_MANIFEST, "3d", 700, { artifactType: "application/vnd.example.sbom.v1", annotations: {} }),
    { mediaType: OCI_IMAGE_MANIFEST, digest: `sha512:${HEX_512}`, size: 1 },
  ],
  subject: { mediaType: OCI_IMAGE_INDEX, digest: DIGEST, size: 0 },
  annotations: null,
};

const EMPTY_LISTS = { schemaVersion: 2, mediaType: OCI_IMAGE_MANIFEST, config: EMPTY, layers: null, subject: null };

export interface NamedManifest {
  readonly contentType: string;
  readonly json: string;
}

export const MANIFESTS: readonly NamedManifest[] = [
  { contentType: DOCKER_MANIFEST, json: JSON.stringify(DOCKER_IMAGE, undefined, 3) },
  { contentType: DOCKER_MANIFEST, json: JSON.stringify(WINDOWS_IMAGE, undefined, 3) },
  { contentType: DOCKER_MANIFEST_LIST, json: JSON.stringify(DOCKER_LIST, undefined, 3) },
  { contentType: OCI_IMAGE_INDEX, json: JSON.stringify(BUILDKIT_INDEX, undefined, 2) },
  { contentType: OCI_IMAGE_MANIFEST, json: JSON.stringify(BUILDKIT_ATTESTATION, undefined, 2) },
  { contentType: OCI_IMAGE_MANIFEST, json: JSON.stringify(ORAS_ARTIFACT) },
  { contentType: OCI_IMAGE_MANIFEST, json: JSON.stringify(COSIGN_SIGNATURE) },
  { contentType: `${OCI_IMAGE_MANIFEST}; charset=utf-8`, json: JSON.stringify(HELM_CHART) },
  { contentType: OCI_IMAGE_MANIFEST, json: JSON.stringify(NOTATION_SIGNATURE) },
  { contentType: OCI_IMAGE_INDEX, json: JSON.stringify(REFERRERS_INDEX) },
  { contentType: OCI_IMAGE_MANIFEST, json: JSON.stringify(EMPTY_LISTS) },
];
