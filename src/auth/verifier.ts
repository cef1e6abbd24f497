// What tells whom a credential belongs to. Outcomes are values: that a token is wrong is the usual thing at a door.
// Source: design.md §4 "Errors" (expected outcomes are values).
import type { Identity } from "../rpc/identity.ts";

/** What a credential has turned out to be. The reasons are for the client: they never quote what it has sent. */
export type Verdict =
  | { readonly kind: "verified"; readonly identity: Identity }
  | {
      readonly kind: "invalid";
      readonly reason: string;
      /** It was made by somebody whom this verifier does not know; another one may. */
      readonly foreign?: boolean;
      readonly expired?: boolean;
    }
  /** Nobody can tell at the moment: what would verify it cannot be read. */
  | { readonly kind: "unavailable"; readonly reason: string };

export interface Verifier {
  /** `bearer`: `authorization: Bearer …`. `apikey`: `x-api-key: …` or `authorization: ApiKey …`. */
  readonly scheme: "bearer" | "apikey";
  /**
   * At once where nothing has to be waited for, and never later than the timeout of what is asked. Total: any text may
   * be given.
   */
  verify(credential: string): Verdict | Promise<Verdict>;
  /**
   * Reads the keys anew, now. Those known before go on where that fails.
   * @throws Error which says what could not be read and why, with file and line
   */
  refresh(): Promise<void>;
}

export function invalid(reason: string): Verdict {
  return { kind: "invalid", reason };
}
