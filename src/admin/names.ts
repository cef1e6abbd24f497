// Splits and shortens protobuf names for people: what repeats the neighbour's package says nothing.
import type { RouteView } from "../gateway/route-table-view.ts";

/** `demo.v1.Library/GetBook` → `["demo.v1", "Library/GetBook"]`; the package is empty where there is none. */
export function splitPackage(name: string): readonly [packageName: string, rest: string] {
  const slash = name.indexOf("/");
  const dot = name.lastIndexOf(".", slash === -1 ? undefined : slash);
  return dot === -1 ? ["", name] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** A type's name as its service would write it: without the package when they share it. */
export function shortType(typeName: string, rpc: string): string {
  const [packageName, name] = splitPackage(typeName);
  return packageName === splitPackage(rpc)[0] ? name : typeName;
}

/** `demo.v1.Library/GetBook` → `demo.v1.Library` */
export function serviceOf(rpc: string): string {
  const slash = rpc.indexOf("/");
  return slash === -1 ? rpc : rpc.slice(0, slash);
}

const kinds: Readonly<Record<RouteView["kind"], string>> = {
  unary: "unary",
  server_streaming: "server stream",
  client_streaming: "client stream",
  bidi_streaming: "bidi stream",
};

/** `server stream`; `unary` for the method that streams nothing. */
export function kindText(kind: RouteView["kind"]): string {
  return kinds[kind];
}

/** `WatchRequest → stream Event`, as a proto would write it. */
export function signatureText(route: Pick<RouteView, "rpc" | "kind" | "requestType" | "replyType">): string {
  const request = shortType(route.requestType, route.rpc);
  const reply = shortType(route.replyType, route.rpc);
  const client = route.kind === "client_streaming" || route.kind === "bidi_streaming";
  const server = route.kind === "server_streaming" || route.kind === "bidi_streaming";
  return `${client ? "stream " : ""}${request} → ${server ? "stream " : ""}${reply}`;
}
