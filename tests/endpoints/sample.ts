import { OCI_IMAGE_INDEX } from "../../src/oci/index.ts";
import type { HttpClient } from "../support/http-client.ts";
import { contentOf, imageIndex, imageManifest } from "../support/oci-content.ts";
import { pushBlob, pushManifest } from "../support/push-content.ts";

/** The same small image in each test, so that tables can name its digests. */
export const CONFIG = contentOf("{}");
export const LAYER = contentOf("0123456789");
export const IMAGE = imageManifest({ config: CONFIG, layers: [LAYER] });
export const INDEX = imageIndex([IMAGE]);
/** Of content that no test ever pushes. */
export const ABSENT = contentOf("nobody pushes this").digest;

/** Puts the image into a repository, tagged `latest`, and an index of it, tagged `multi`. */
export async function pushSample(http: HttpClient, repository: string): Promise<void> {
  await pushBlob(http, repository, CONFIG);
  await pushBlob(http, repository, LAYER);
  await pushManifest(http, { repository, reference: "latest", content: IMAGE });
  await pushManifest(http, { repository, reference: "multi", content: INDEX, mediaType: OCI_IMAGE_INDEX });
}
