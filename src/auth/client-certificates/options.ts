/** Whom certificates of clients stand for; the first rule that fits decides. */
export interface ClientCertificateOptions {
  readonly rules: readonly CertificateRuleOptions[];
  /** How a proxy that ends TLS passes a certificate on; `undefined`: none does. */
  readonly header: CertificateHeaderOptions | undefined;
}

export interface CertificateHeaderOptions {
  readonly name: string;
  /** `pem`: percent-encoded, nginx's `$ssl_client_escaped_cert`. `xfcc`: Envoy's `X-Forwarded-Client-Cert`, with `Cert`. */
  readonly format: "pem" | "xfcc";
}

export interface CertificateRuleOptions {
  /** `CN=*,O=Acme`, as RFC 4514 writes names. */
  readonly subject?: string | undefined;
  /** `dns:*.ci.acme`, `email:*@acme.com`, `spiffe://acme/ci/*`. */
  readonly san?: string | undefined;
  /** A fixed account, or what of the certificate is the name of one: the common name, or what `*` of `san` stands for. */
  readonly name: { readonly account: string } | { readonly from: "cn" | "san" };
}
