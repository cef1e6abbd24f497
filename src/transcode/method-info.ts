// What the other rooms know of a method, taken from its descriptor.
// Source: google/protobuf/descriptor.proto, MethodDescriptorProto and MethodOptions.idempotency_level.
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { type MethodInfo, streamKind } from "../rpc/method.ts";

export function methodInfo(desc: DescMethod): MethodInfo {
  const service = desc.parent.typeName;
  return {
    path: `/${service}/${desc.name}`,
    service,
    name: desc.name,
    kind: streamKind(desc.proto.clientStreaming, desc.proto.serverStreaming),
    idempotency:
      desc.idempotency === Level.NO_SIDE_EFFECTS
        ? "no_side_effects"
        : desc.idempotency === Level.IDEMPOTENT
          ? "idempotent"
          : "unknown",
  };
}
