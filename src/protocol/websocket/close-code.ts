// The close code that says how a call ended, for clients that look at nothing else.
// Source: RFC 6455 §7.4.2: 4000 to 4999 are for agreements between both sides.
import { Code } from "../../rpc/code.ts";

const normal = 1000;
const privateUse = 4000;

/** 1000 for OK, else 4000 and the gRPC code: 4005 for NOT_FOUND. A code with no room there is 4002, UNKNOWN. */
export function closeCodeOf(code: Code): number {
  if (code === Code.OK) return normal;
  const known = Number.isInteger(code) && code > 0 && code < 1000;
  return privateUse + (known ? code : Code.UNKNOWN);
}
