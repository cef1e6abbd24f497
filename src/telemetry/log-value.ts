// Field values as JSON that is bounded and says what matters: errors with their causes, bytes by their size, long
// texts shortened. What is logged comes from peers as often as from us.

const maxTextLength = 4096;
const maxCauses = 8;
const maxDepth = 5;
const maxEntries = 100;

/** A value fit for a log line. Never throws; getters and `toJSON` of what it is given are not trusted. */
export function logValue(value: unknown, depth = 0): unknown {
  try {
    return plain(value, depth);
  } catch {
    return "[unreadable]";
  }
}

function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return shortened(value);
    case "bigint":
      return `${value}`;
    case "number":
      return Number.isFinite(value) ? value : `${value}`;
    case "function":
    case "symbol":
      return `[${typeof value}]`;
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Error) return errorFields(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= maxDepth) return "[deeper]";
  if (Array.isArray(value)) return value.slice(0, maxEntries).map((item) => logValue(item, depth + 1));
  const entries =
    value instanceof Map ? [...value].map(([k, v]) => [String(k), v] as const) : Object.entries(value);
  return Object.fromEntries(
    entries.slice(0, maxEntries).map(([key, item]) => [key, logValue(item, depth + 1)]),
  );
}

interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  /** Of an error nobody expected; the classes we throw on purpose need none. */
  readonly stack?: string;
  readonly causes?: readonly ErrorFields[];
}

/** The error and the chain of its causes, outermost first. */
function errorFields(error: Error): ErrorFields {
  const causes: ErrorFields[] = [];
  let cause: unknown = error.cause;
  while (cause !== undefined && cause !== null && causes.length < maxCauses) {
    causes.push(
      cause instanceof Error ? ownFields(cause) : { type: typeof cause, message: shortened(`${cause}`) },
    );
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes.length === 0 ? ownFields(error) : { ...ownFields(error), causes };
}

function ownFields(error: Error): ErrorFields {
  const code = "code" in error ? error.code : undefined;
  const expected = error.name === "RpcError" || typeof code === "string";
  return {
    type: shortened(error.name),
    message: shortened(error.message),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(expected || error.stack === undefined ? {} : { stack: shortened(error.stack) }),
  };
}

function shortened(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}… (${text.length} characters)`;
}
