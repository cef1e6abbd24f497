// Whom the gateway has authenticated by what the call itself carries: a verified token or a known API key.

export interface Identity {
  /** `sub` of the token, or the name of the key. Never empty. */
  readonly subject: string;
  /** Of the token, as its issuer wrote them; none of an API key. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** What it may do: the token's `scope` or `scp`, or what the key's entry says. */
  readonly scopes: readonly string[];
}
