// Where a Redis is, and who one is there: redis://user:password@host:port/db, rediss:// over TLS.
// Source: https://www.iana.org/assignments/uri-schemes/prov/redis and prov/rediss

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; 0 where the URL names none. */
  readonly db: number;
  readonly tls: boolean;
}

/** @throws TypeError saying what is wrong, never with the password */
export function parseRedisUrl(text: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError("a Redis is named by a URL such as redis://host:6379");
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") {
    throw new TypeError(`a Redis URL begins with redis:// or rediss://, not with ${url.protocol}//`);
  }
  if (url.hostname === "") throw new TypeError("the Redis URL names no host");
  const db = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (db === undefined)
    throw new TypeError("the path of a Redis URL is the number of a database, such as /2");
  if (url.search !== "" || url.hash !== "")
    throw new TypeError("a Redis URL has neither a query nor a fragment");
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 6379 : Number(url.port),
    username: decodePart(url.username, "user"),
    password: decodePart(url.password, "password"),
    db: Number(db),
    tls: url.protocol === "rediss:",
  };
}

/** `host:port`, for logs and pages. */
export function formatRedisAddress({ host, port }: RedisAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function decodePart(part: string, name: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError(`the ${name} of the Redis URL is not percent-encoded as it should be`);
  }
}
