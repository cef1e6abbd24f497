// gRPC-Web's own runtime in a page (npm `grpc-web`, over XMLHttpRequest), with messages of protobuf-es: no generated
// stubs, the method descriptors are made here.
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { GrpcWebClientBase, type Metadata, MethodDescriptor, type RpcError, type Status } from "grpc-web";
import { type InspectResponse, Library } from "../../../examples/library/gen/library_pb.ts";
import { Code } from "../../../src/gen/google/rpc/code_pb.ts";
import { BadRequestSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../src/gen/google/rpc/status_pb.ts";
import { detailRegistry } from "./library-facts.ts";
import { equal, eventually } from "./neutral-assert.ts";

export interface GrpcWebOptions {
  readonly baseUrl: string;
  readonly format: "text" | "binary";
}

type Shape<K extends DescMethod["methodKind"], I extends DescMessage, O extends DescMessage> = {
  readonly methodKind: K;
  readonly input: I;
  readonly output: O;
} & DescMethod;

interface Outcome<O extends DescMessage> {
  readonly messages: MessageShape<O>[];
  readonly header: Metadata;
  readonly status?: Status;
  readonly error?: RpcError;
}

interface CallOptions {
  readonly metadata?: Metadata;
  /** Called for each message; true = the caller has had enough. */
  readonly enough?: (count: number) => boolean;
}

const { getBook, listBooks, inspect, watchArrivals, createBook, downloadBook } = Library.method;
const fast = { nanos: 10_000_000 };
const binary = "AP8B";

type Call = <I extends DescMessage, O extends DescMessage>(
  method: Shape<"unary" | "server_streaming", I, O>,
  request: MessageInitShape<I>,
  options?: CallOptions,
) => Promise<Outcome<O>>;

interface Fact {
  readonly what: string;
  /** The runtime hands over a stream in binary only when it has ended. */
  readonly textOnly?: boolean;
  readonly check: (call: Call) => Promise<void>;
}

const facts: readonly Fact[] = [
  {
    what: "a unary call is answered, with every digit of a 64-bit number",
    async check(call) {
      const { messages, error } = await call(getBook, { name: "shelves/7/books/9" });
      equal(error, undefined);
      equal(messages.length, 1);
      equal((messages[0]?.accessionNumber ?? 0n) > 2n ** 53n, true);
    },
  },
  {
    what: "metadata goes both ways as header and trailer, binary too",
    async check(call) {
      const metadata = {
        "x-mine": "one",
        "x-mine-bin": binary,
        "echo-head-x": "head",
        "echo-head-x-bin": binary,
        "echo-trail-x": "tail",
        "echo-trail-x-bin": binary,
      };
      const { messages, header, status } = await call(inspect, {}, { metadata });
      const mine = metadataIn(messages[0]).filter((line) => line.startsWith("x-mine"));
      equal(mine, ["x-mine: one", `x-mine-bin: ${binary}`]);
      equal([header["echo-head-x"], header["echo-head-x-bin"]], ["head", binary]);
      equal([status?.metadata?.["echo-trail-x"], status?.metadata?.["echo-trail-x-bin"]], ["tail", binary]);
    },
  },
  {
    what: "the trailer that the library itself sends is readable",
    async check(call) {
      const { status } = await call(listBooks, { pageSize: 2 });
      equal(status?.metadata?.["library-total-size"], "45");
    },
  },
  {
    what: "an error has code, text and details",
    async check(call) {
      const { error, messages } = await call(createBook, { parent: "shelves/1", book: { rating: 9 } });
      equal(messages.length, 0);
      equal(error?.code, Code.INVALID_ARGUMENT);
      const [detail] = detailsOf(error);
      if (!isMessage(detail, BadRequestSchema)) throw new Error(`got ${detail?.$typeName}`);
      equal(detail.fieldViolations.map(({ field }) => field).sort(), ["book.rating", "book.title"]);
    },
  },
  {
    what: "each of the sixteen codes arrives with ten details",
    async check(call) {
      for (const code of Object.values(Code).filter((value) => value !== Code.OK)) {
        const { error } = await call(inspect, { failWith: code });
        equal(error?.code, code);
        equal(error?.message.endsWith(", as you asked"), true);
        equal(detailsOf(error).length, 10);
      }
    },
  },
  {
    what: "metadata of an error is readable",
    async check(call) {
      const { error } = await call(inspect, { failWith: 9 }, { metadata: { "echo-trail-x": "tail" } });
      equal(error?.metadata["echo-trail-x"], "tail");
    },
  },
  {
    what: "the backend knows the deadline",
    async check(call) {
      const metadata = { deadline: String(Date.now() + 60_000) };
      const { messages } = await call(inspect, {}, { metadata });
      const seconds = messages[0]?.timeLeft?.seconds ?? 0n;
      equal(seconds > 30n && seconds <= 60n, true);
    },
  },
  {
    what: "a deadline that passes ends the call here and there",
    async check(call) {
      const tag = `deadline-${Math.random()}`;
      const metadata = { deadline: String(Date.now() + 400), "call-tag": tag };
      const { error } = await call(inspect, { delay: { seconds: 60n } }, { metadata });
      equal(error?.code, Code.DEADLINE_EXCEEDED);
      await stateComesTo(call, tag, "cancelled");
    },
  },
  {
    what: "a server stream arrives in order and ends with OK",
    async check(call) {
      const { messages, status, error } = await call(watchArrivals, { limit: 5, interval: fast });
      equal(error, undefined);
      equal(
        messages.map(({ sequence }) => sequence),
        [1n, 2n, 3n, 4n, 5n],
      );
      equal(status?.code, 0);
    },
  },
  {
    what: "a message arrives while its stream goes on, and a stream that is cancelled is so at the backend",
    textOnly: true,
    async check(call) {
      const tag = `cancel-${Math.random()}`;
      const { messages } = await call(
        watchArrivals,
        { interval: { seconds: 3600n } },
        { metadata: { "call-tag": tag }, enough: (count) => count === 1 },
      );
      equal(messages[0]?.sequence, 1n);
      await stateComesTo(call, tag, "cancelled");
    },
  },
  {
    what: "an error in the middle of a stream comes after its messages, with details and metadata",
    async check(call) {
      const metadata = { "echo-head-x": "head", "echo-trail-x": "tail" };
      const { messages, header, error } = await call(
        watchArrivals,
        { interval: fast, failAfter: 2 },
        { metadata },
      );
      equal(messages.length, 2);
      equal(header["echo-head-x"], "head");
      equal(error?.code, Code.DATA_LOSS);
      equal(error?.metadata["echo-trail-x"], "tail");
      equal(detailsOf(error)[0]?.$typeName, "google.rpc.ErrorInfo");
    },
  },
  {
    what: "a stream that is refused fails with details",
    async check(call) {
      const { error } = await call(watchArrivals, { limit: -1 });
      equal(error?.code, Code.INVALID_ARGUMENT);
      equal(detailsOf(error)[0]?.$typeName, "google.rpc.BadRequest");
    },
  },
  {
    what: "a file of megabytes arrives whole",
    async check(call) {
      const { messages } = await call(downloadBook, { name: "shelves/1/books/1", minBytes: 2_000_000n });
      equal(messages.reduce((sum, { data }) => sum + data.length, 0) >= 2_000_000, true);
    },
  },
];

export function names(format: GrpcWebOptions["format"]): string[] {
  return facts.filter(({ textOnly = false }) => format === "text" || !textOnly).map(({ what }) => what);
}

/** Undefined where the fact holds, else what does not. */
export async function check(options: GrpcWebOptions, what: string): Promise<string | undefined> {
  try {
    await facts.find((fact) => fact.what === what)?.check(createCall(options));
    return undefined;
  } catch (reason) {
    return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  }
}

function createCall({ baseUrl, format }: GrpcWebOptions): Call {
  const client = new GrpcWebClientBase({ format, suppressCorsPreflight: false });
  return (method, request, { metadata = {}, enough = () => false } = {}) => {
    const { input, output } = method;
    type Reply = MessageShape<typeof output>;
    const path = `/${method.parent.typeName}/${method.name}`;
    const streams = method.methodKind === "server_streaming";
    const descriptor = new MethodDescriptor<MessageShape<typeof input>, Reply>(
      path,
      streams ? "server_streaming" : "unary",
      // Neither is constructed: the runtime asks the functions.
      Object as never,
      Object as never,
      (message: MessageShape<typeof input>) => toBinary(input, message),
      (bytes: Uint8Array) => fromBinary(output, bytes),
    );
    const message = create(input, request);
    const url = `${baseUrl}${path}`;
    return new Promise((resolve) => {
      const messages: Reply[] = [];
      let header: Metadata = {};
      let status: Status | undefined;
      let failure: RpcError | undefined;
      const end = (): void =>
        resolve({ messages, header, ...(status && { status }), ...(failure && { error: failure }) });
      const fail = (error: RpcError | null): void => {
        failure ??= error ?? undefined;
      };
      const reply = streams
        ? client.serverStreaming(url, message, metadata, descriptor)
        : client.rpcCall(url, message, metadata, descriptor, (error, answer) => {
            fail(error);
            if (answer) messages.push(answer);
          });
      reply.on("status", (read) => {
        status = read;
      });
      // The runtime tells the header when all has come, in the midst of what else it tells then.
      reply.on("metadata", (read) => {
        header = read;
        setTimeout(end, 0);
      });
      if (!streams) return;
      reply.on("error", fail);
      reply.on("data", (answer) => {
        messages.push(answer);
        if (!enough(messages.length)) return;
        reply.cancel();
        end();
      });
    });
  };
}

function stateComesTo(call: Call, tag: string, state: string): Promise<void> {
  return eventually(async () => {
    const { messages } = await call(inspect, { path: `calls/${tag}` });
    equal(messages[0]?.path, state);
  });
}

function metadataIn(reply: InspectResponse | undefined): string[] {
  return (reply?.metadata ?? []).map(({ key, value }) => `${key}: ${value}`);
}

function detailsOf(error: RpcError | undefined) {
  const text = error?.metadata["grpc-status-details-bin"] ?? "";
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return fromBinary(StatusSchema, bytes).details.map((detail) => anyUnpack(detail, detailRegistry));
}
