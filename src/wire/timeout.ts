// The three ways in which a client says how long it is willing to wait, each as a total function: a malformed value
// is `undefined`, never an error.
// Sources: gRPC over HTTP/2, "Timeout"; Connect protocol, "Connect-Timeout-Ms"; X-Server-Timeout as Google's and
// Envoy's clients send it (seconds, with a fraction).

/** Milliseconds of each unit letter, from the finest to the coarsest. */
const units: readonly (readonly [letter: string, unitMs: number])[] = [
  ["n", 1e-6],
  ["u", 1e-3],
  ["m", 1],
  ["S", 1000],
  ["M", 60_000],
  ["H", 3_600_000],
];
const unitMsByLetter = new Map(units);

/** The grammar allows eight digits. */
const maxGrpcAmount = 99_999_999;

/** Reads `grpc-timeout`: at most eight digits and a unit. Returns milliseconds, with a fraction for `u` and `n`. */
export function parseGrpcTimeout(text: string): number | undefined {
  if (!/^\d{1,8}[HMSmun]$/.test(text)) return undefined;
  const unitMs = unitMsByLetter.get(text.slice(-1));
  if (unitMs === undefined) return undefined;
  const amount = Number(text.slice(0, -1));
  // Dividing keeps what multiplying by 1e-3 or 1e-6 would smear: 1u is 0.001 and 100000u is 100.
  return unitMs < 1 ? amount / Math.round(1 / unitMs) : amount * unitMs;
}

/**
 * Writes `grpc-timeout` in the finest unit whose amount fits eight digits. Rounds down, so that the backend never
 * gets more time than there is, but never to zero, which the grammar does not have: a passed deadline is `1n`.
 */
export function formatGrpcTimeout(timeoutMs: number): string {
  if (!(timeoutMs > 0)) return "1n";
  for (const [letter, unitMs] of units) {
    const amount = Math.floor(unitMs < 1 ? timeoutMs * Math.round(1 / unitMs) : timeoutMs / unitMs);
    if (amount <= maxGrpcAmount) return `${Math.max(amount, 1)}${letter}`;
  }
  return `${maxGrpcAmount}H`;
}

/** Reads `connect-timeout-ms`: at most ten digits. Returns milliseconds. */
export function parseConnectTimeout(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** Reads `x-server-timeout`: seconds as a decimal number. Returns milliseconds. */
export function parseServerTimeout(text: string): number | undefined {
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) return undefined;
  const timeoutMs = Number(text) * 1000;
  return Number.isFinite(timeoutMs) ? timeoutMs : undefined;
}
