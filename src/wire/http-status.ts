// gRPC code to HTTP status for REST and Connect unary. Never to be inverted: what an HTTP status of a backend that
// speaks no gRPC means is another table (gRPC, "HTTP to gRPC Status Code Mapping").
// Source: google/rpc/code.proto; the table is the same in connect-go, vanguard-go and grpc-gateway.

const statusByCode: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/** The HTTP status of a code; 500 for a code that is none of the canonical ones. */
export function httpStatusOf(code: number): number {
  return statusByCode[code] ?? 500;
}
