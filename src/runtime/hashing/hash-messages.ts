export type HashAlgorithm = "sha256" | "sha512";

/** From a hasher to its worker. */
export type HashRequest =
  | {
      readonly kind: "chunk";
      readonly hasherId: number;
      readonly algorithm: HashAlgorithm;
      readonly chunk: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: "digest"; readonly hasherId: number }
  | { readonly kind: "drop"; readonly hasherId: number };

/** From a worker to a hasher: one `hashed` for each chunk, with its memory, which may be used again; one `digest` for each `digest`. */
export type HashReply =
  | { readonly kind: "hashed"; readonly hasherId: number; readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly kind: "digest"; readonly hasherId: number; readonly hex: string };
