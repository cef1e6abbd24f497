// Who calls, as far as the connection proves it.

/** A client that has shown a certificate which an authority of the listener's has signed. */
export interface Principal {
  /** `CN=billing,O=Acme`, the subject's relative names in the certificate's order. */
  readonly subject: string;
  /** Subject alternative names: `DNS:billing.acme.internal`, `URI:spiffe://acme/billing`. */
  readonly alternativeNames: readonly string[];
  /** SHA-256 of the certificate in lower-case hex, without separators. */
  readonly fingerprint: string;
}
