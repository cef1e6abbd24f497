// Whether the calls of a method may be sent more than once: what a retry or a hedge needs of the method, and of the place
// that asks for it. Source: protos/protogate/v1/options.proto (RetryPolicy, HedgePolicy).
import type { DescMethod } from "@bufbuild/protobuf";
import { streamsRequests } from "../rpc/method.ts";
import { methodInfo } from "../transcode/method-info.ts";
import type { FlowKey } from "./flow-settings.ts";
import { type SettingFault, unfit, wrong } from "./policy-judge.ts";
import type { PolicyLayer } from "./policy-layers.ts";

/** Why what a place says cannot work for a method; nothing for other keys. */
export function checkRepetition(
  key: FlowKey,
  { flow, level }: PolicyLayer,
  method: DescMethod,
): SettingFault | undefined {
  if ((key !== "retry" && key !== "hedge") || flow[key] === "off") return undefined;
  if (key === "hedge" && flow.retry !== undefined && flow.retry !== "off") {
    return wrong("a method is retried or hedged, not both, and the same place has a retry");
  }
  const { kind, idempotency } = methodInfo(method);
  if (streamsRequests(kind)) return unfit("the request is a stream, which is not kept to be sent again");
  if (level !== "service" || idempotency === "no_side_effects") return undefined;
  if (key === "hedge") return unfit("a method that is not NO_SIDE_EFFECTS needs a policy of its own");
  if (idempotency === "unknown") {
    return unfit("a method without an idempotency_level needs a policy of its own");
  }
  return undefined;
}
