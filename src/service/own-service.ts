// The contract of the services that the gateway itself answers: ordinary handlers over protobuf binary, so that every
// protocol reaches them like a backend's. Source: design.md §3.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Handler } from "../rpc/call.ts";

export interface OwnService {
  readonly desc: DescService;
  /**
   * The handler of one of `desc.methods`. What it holds for a call ends with the call's signal or with `return()`.
   * @throws Error for a method of another service
   */
  handlerOf(method: DescMethod): Handler;
}

/** Handlers by the names of their methods, as an own service. */
export function createOwnService(desc: DescService, handlers: ReadonlyMap<string, Handler>): OwnService {
  return {
    desc,
    handlerOf(method) {
      const handler = method.parent.typeName === desc.typeName ? handlers.get(method.name) : undefined;
      if (handler === undefined) throw new Error(`${desc.typeName} has no handler of ${method.toString()}`);
      return handler;
    },
  };
}
