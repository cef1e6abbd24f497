// The canonical gRPC codes and their names.
// Source: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md

/** The seventeen canonical codes by name. A backend may send other numbers; they are kept as they are. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** A gRPC code as a number, 0 to 16 from well-behaved peers. */
export type Code = number;

const names: readonly string[] = Object.keys(Code);

/** The name of a code, `NOT_FOUND` for 5; `CODE_<n>` for a number outside the canonical ones. */
export function codeName(code: Code): string {
  return names[code] ?? `CODE_${code}`;
}
