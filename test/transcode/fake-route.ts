// A route for tests of the router, which looks at method and template only.
import type { DescMethod } from "@bufbuild/protobuf";
import { file_grpc_health_v1_health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { dialects } from "../../src/transcode/dialect.ts";
import { methodInfo } from "../../src/transcode/method-info.ts";
import type { Route } from "../../src/transcode/route.ts";

const method = file_grpc_health_v1_health.services[0]?.methods[0] as DescMethod;

/** `GET /v1/{name=shelves/*}` */
export function fakeRoute(text: string): Route {
  const [httpMethod = "", template = ""] = text.split(" ");
  const unused = (): never => {
    throw new Error("the router binds nothing");
  };
  return {
    httpMethod,
    template,
    method,
    info: methodInfo(method),
    policy: dialects.standard.policy,
    body: "",
    responseBody: "",
    origin: text,
    rawRequestBody: false,
    rawReplyBody: false,
    bind: unused,
    bindBody: unused,
    bindForm: unused,
    checkReplyForm: unused,
    encodeReply: unused,
    locationOf: unused,
    ownParameters: new Set(),
    explainBinding: unused,
  };
}
