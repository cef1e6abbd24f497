// The messages in which the suite asks for a server or for a call, read by the suite's own descriptors; only the fields
// that the wrappers look at are typed, the others pass through.
// Source: connectrpc/conformance, server_compat.proto and client_compat.proto
import { readFileSync } from "node:fs";
import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { suiteSetFile } from "./prepare-suite.ts";

export const suiteProtocols = { connect: 1, grpc: 2, "grpc-web": 3 } as const;
export type SuiteProtocol = keyof typeof suiteProtocols;

/** PEM, both. */
export interface TlsCreds {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface ServerCompatRequest {
  protocol: number;
  /** 1, 2 or 3. */
  httpVersion: number;
  useTls: boolean;
  /** PEM; empty = clients need no certificate. */
  clientTlsCert: Uint8Array;
  /** Bytes; 0 = no limit. */
  messageReceiveLimit: number;
  serverCreds?: TlsCreds;
}

export interface ServerCompatResponse {
  host: string;
  port: number;
  /** PEM; empty = cleartext. */
  pemCert: Uint8Array;
}

export interface ClientCompatRequest {
  readonly testName: string;
  httpVersion: number;
  protocol: number;
  host: string;
  port: number;
  /** PEM; empty = cleartext. */
  serverTlsCert: Uint8Array;
  clientTlsCreds?: TlsCreds;
}

export interface MessageForm<T> {
  decode(bytes: Uint8Array): T;
  encode(message: Partial<T>): Uint8Array;
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(suiteSetFile)));

export const serverRequest = formOf<ServerCompatRequest>("ServerCompatRequest");
export const serverResponse = formOf<ServerCompatResponse>("ServerCompatResponse");
export const clientRequest = formOf<ClientCompatRequest>("ClientCompatRequest");

function formOf<T>(name: string): MessageForm<T> {
  const desc = registry.getMessage(`connectrpc.conformance.v1.${name}`);
  if (desc === undefined) throw new Error(`the suite has no message ${name}`);
  return formOfDesc<T>(desc);
}

function formOfDesc<T>(desc: DescMessage): MessageForm<T> {
  return {
    decode: (bytes) => fromBinary(desc, bytes) as unknown as T,
    encode: (message) => toBinary(desc, create(desc, message as never)),
  };
}
