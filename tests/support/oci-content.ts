import { type Digest, digestOf, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from "../../src/oci/index.ts";

/** Bytes with what names them. */
export interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: Digest;
}

export function contentOf(text: string): Content {
  const bytes = new TextEncoder().encode(text);
  return { bytes, digest: digestOf(bytes) };
}

export function descriptorOf(content: Content, mediaType: string, more: object = {}): object {
  return { mediaType, digest: content.digest, size: content.bytes.byteLength, ...more };
}

export interface ImageParts {
  readonly config: Content;
  readonly layers: readonly Content[];
  /** Further fields of the manifest, such as `subject` and `annotations`. */
  readonly more?: object;
}

/** An OCI image manifest that names the parts. */
export function imageManifest({ config, layers, more = {} }: ImageParts): Content {
  return contentOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      config: descriptorOf(config, "application/vnd.oci.image.config.v1+json"),
      layers: layers.map((layer) => descriptorOf(layer, "application/vnd.oci.image.layer.v1.tar")),
      ...more,
    }),
  );
}

/** An OCI index of image manifests. */
export function imageIndex(children: readonly Content[], more: object = {}): Content {
  return contentOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_INDEX,
      manifests: children.map((child) => descriptorOf(child, OCI_IMAGE_MANIFEST)),
      ...more,
    }),
  );
}
