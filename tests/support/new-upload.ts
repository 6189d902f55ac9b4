import type { UploadState } from "../../src/storage/index.ts";

/** The state of an upload that has got nothing yet. */
export function newUpload(uploadId: string): UploadState {
  return { uploadId, offsetBytes: 0 };
}
