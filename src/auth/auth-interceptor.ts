// Who calls, and whether they may: by a token or an API key, as the method's policy demands.
// Sources: protos/protogate/v1/options.proto (AuthPolicy); Envoy's jwt_authn and ESPv2 for methods without a demand:
// there a wrong token is no reason to refuse, or nobody could log in who still has an expired one.
import type { Call, Handler, Interceptor, Reply } from "../rpc/call.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { discardMessages } from "../rpc/stream.ts";
import { refuseAmbiguous, refuseCredential, refuseMissing, refuseScopes } from "./auth-refusal.ts";
import { createBackendHeader, type ForwardOptions } from "./backend-header.ts";
import { readCredentials } from "./credentials.ts";
import type { Verdict, Verifier } from "./verifier.ts";

/** What a method demands; a FlowPolicy's `auth` is one. */
export type AuthDemand =
  | { readonly kind: "public" }
  /** Any principal that is verified here, and all of the scopes. */
  | { readonly kind: "required"; readonly scopes: readonly string[] };

export interface AuthOptions {
  /** Of the method; undefined where nobody says anything. */
  readonly policy: AuthDemand | undefined;
  /** Whether methods without a policy demand a principal. */
  readonly defaultRequired: boolean;
  /** Asked in their order, each for credentials of its scheme. None: who demands a principal refuses everybody. */
  readonly verifiers: readonly Verifier[];
  readonly forward?: ForwardOptions;
}

/**
 * Sets `identity` of a call where its token or key is valid, on public methods too; the backend gets it as
 * `x-authenticated-subject`, which no client can send. On a public method a call with a wrong credential is one without.
 * Undefined where there is nothing to verify and nothing is demanded: then nobody looks at that name either.
 * @throws RpcError UNAUTHENTICATED without a valid token or key where one is demanded
 * @throws RpcError PERMISSION_DENIED where a scope is missing
 * @throws RpcError UNAVAILABLE where a token can neither be accepted nor refused, and one is demanded
 * @throws RpcError INVALID_ARGUMENT for two credentials of one kind, on any method
 */
export function createAuthInterceptor(options: AuthOptions): Interceptor | undefined {
  const { policy, defaultRequired, verifiers, forward = {} } = options;
  const required = policy === undefined ? defaultRequired : policy.kind === "required";
  if (!required && verifiers.length === 0) return undefined;
  const scopes = policy?.kind === "required" ? policy.scopes : [];
  const schemes = new Set(verifiers.map(({ scheme }) => scheme));
  const backendHeader = createBackendHeader(forward, schemes);

  const pass = (next: Handler, call: Call): Promise<Reply> => {
    const header = backendHeader(call.header, undefined);
    return next(header === call.header ? call : { ...call, header });
  };

  const judge = (next: Handler, call: Call, scheme: Verifier["scheme"], verdict: Verdict): Promise<Reply> => {
    if (verdict.kind !== "verified") {
      return required ? refuse(call, refuseCredential(call.method, scheme, verdict)) : pass(next, call);
    }
    const { identity } = verdict;
    const missing = scopes.filter((scope) => !identity.scopes.includes(scope));
    if (missing.length > 0) return refuse(call, refuseScopes(call.method, scheme, scopes, missing));
    return next({ ...call, identity, header: backendHeader(call.header, identity) });
  };

  return (next) => (call) => {
    const credentials = readCredentials(call.header, schemes);
    if (credentials.kind === "ambiguous") return refuse(call, refuseAmbiguous(credentials.reason));
    if (credentials.kind === "none") {
      return required ? refuse(call, refuseMissing(call.method, schemes)) : pass(next, call);
    }
    const { scheme, credential } = credentials;
    const verdict = askVerifiers(verifiers, scheme, credential);
    if (!(verdict instanceof Promise)) return judge(next, call, scheme, verdict);
    return verdict.then((known) =>
      // Who has gone meanwhile, or whose time is up, is not passed on.
      call.signal.aborted ? refuse(call, call.signal.reason) : judge(next, call, scheme, known),
    );
  };
}

/** The first that knows the credential. Where none does, one that cannot tell now makes it impossible to say no. */
function askVerifiers(
  verifiers: readonly Verifier[],
  scheme: Verifier["scheme"],
  credential: string,
): Verdict | Promise<Verdict> {
  const asked = verifiers.filter((verifier) => verifier.scheme === scheme);
  const [only] = asked;
  return only !== undefined && asked.length === 1 ? only.verify(credential) : askEach(asked, credential);
}

async function askEach(verifiers: readonly Verifier[], credential: string): Promise<Verdict> {
  let best: Verdict | undefined;
  for (const verifier of verifiers) {
    const verdict = await verifier.verify(credential);
    if (verdict.kind === "verified") return verdict;
    if (best === undefined || weight(verdict) > weight(best)) best = verdict;
  }
  return best ?? { kind: "invalid", reason: "nobody knows this credential" };
}

/** What says most about a credential: a verifier that does not know its issuer says least. */
function weight(verdict: Verdict): number {
  if (verdict.kind === "unavailable") return 2;
  return verdict.kind === "invalid" && verdict.foreign === true ? 0 : 1;
}

/** A stream that nobody is going to read is told so. */
function refuse(call: Call, reason: RpcError): Promise<Reply> {
  discardMessages(call);
  return Promise.reject(reason);
}
