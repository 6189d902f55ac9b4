import type { Annotations } from "../../oci/index.ts";
import { REPOSITORY_ANNOTATION } from "../archive/repository-annotation.ts";
import type { ExportRoot } from "./collect-content.ts";

/** How images are called: by their tags alone, or with their repositories. */
export type Naming = "tags" | "full-names";

/** A descriptor of `index.json`. */
export interface NamedDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Annotations;
}

/**
 * What `index.json` says of the images of an export.
 * @spec OCI image-spec, "Pre-Defined Annotation Keys"
 */
export function nameRoots(roots: readonly ExportRoot[], naming: Naming): readonly NamedDescriptor[] {
  return roots.map((root) => {
    const { mediaType, digest, sizeBytes: size, repository } = root;
    const name = nameOf(root, naming);
    const annotations = {
      ...(name !== undefined && { "org.opencontainers.image.ref.name": name }),
      ...(root.tag !== undefined && { "io.containerd.image.name": dockerName(root) }),
      [REPOSITORY_ANNOTATION]: repository,
    };
    return { mediaType, digest, size, annotations };
  });
}

function nameOf({ repository, tag, digest }: ExportRoot, naming: Naming): string | undefined {
  if (naming === "tags") return tag;
  return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`;
}

/** As Docker writes names down: with a registry. */
function dockerName({ repository, tag }: ExportRoot): string {
  const [first = "", ...rest] = repository.split("/");
  if (rest.length > 0 && (first.includes(".") || first === "localhost")) return `${repository}:${tag}`;
  return `docker.io/${rest.length === 0 ? "library/" : ""}${repository}:${tag}`;
}
