// What a client of @connectrpc must get from the demo library through the gateway, whichever transport it has, in Node
// and in a browser alike: nothing here knows of either. The backend is `observed-library.ts`.
import { createRegistry } from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, createClient } from "@connectrpc/connect";
import { file_library, Library } from "../../../examples/library/gen/library_pb.ts";
import { Code as GoogleCode } from "../../../src/gen/google/rpc/code_pb.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  file_google_rpc_error_details,
  HelpSchema,
  LocalizedMessageSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../../src/gen/google/rpc/error_details_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { type Ability, collect, type Fact } from "./fact.ts";
import { equal, eventually, failureOf } from "./neutral-assert.ts";
import { requestStreamFacts } from "./request-stream-facts.ts";

const book = { name: "shelves/7/books/9" };
const fast = { nanos: 10_000_000 };
const binary = "AP8B";

export const facts: readonly Fact[] = [
  {
    what: "a unary call is answered, with every digit of a 64-bit number",
    async check(client) {
      const { name, accessionNumber } = await client.getBook(book);
      equal(name, book.name);
      equal(accessionNumber > 2n ** 53n, true);
    },
  },
  {
    what: "metadata of a unary call goes both ways as header and trailer, binary too",
    check: (client) =>
      checkMetadata(async (options) => {
        const { metadata } = await client.inspect({}, options);
        return metadata;
      }),
  },
  {
    what: "metadata of a server stream comes as header and trailer",
    check: (client) =>
      checkMetadata(async (options) => {
        await collect(client.watchArrivals({ limit: 2, interval: fast }, options));
        return undefined;
      }),
  },
  {
    what: "metadata of an error is readable",
    async check(client) {
      const headers = { "echo-trail-x": "tail", "echo-trail-x-bin": binary };
      const error = await failureOf(client.inspect({ failWith: 9 }, { headers }));
      equal(error.metadata.get("echo-trail-x"), "tail");
      equal(error.metadata.get("echo-trail-x-bin"), binary);
    },
  },
  {
    what: "the trailer that the library itself sends is readable",
    async check(client) {
      let total: string | null = null;
      const onTrailer = (trailer: Headers): void => {
        total = trailer.get("library-total-size");
      };
      await client.listBooks({ pageSize: 2 }, { onTrailer });
      equal(total, "45");
    },
  },
  {
    what: "an error names each field at fault",
    async check(client) {
      const error = await failureOf(client.createBook({ parent: "shelves/1", book: { rating: 9 } }));
      equal(error.code, Code.InvalidArgument);
      const [detail] = error.findDetails(BadRequestSchema);
      equal(detail?.fieldViolations.map(({ field }) => field).sort(), ["book.rating", "book.title"]);
    },
  },
  {
    what: "what is not there says so, with details of two kinds",
    async check(client) {
      const error = await failureOf(client.getBook({ name: "shelves/1/books/nowhere" }));
      equal(error.code, Code.NotFound);
      equal(error.findDetails(ResourceInfoSchema)[0]?.resourceName, "shelves/1/books/nowhere");
      equal(error.findDetails(ErrorInfoSchema)[0]?.reason, "BOOK_NOT_FOUND");
    },
  },
  {
    what: "each of the sixteen codes arrives with text and ten details",
    async check(client) {
      const codes = Object.values(GoogleCode).filter((code) => code !== GoogleCode.OK);
      equal(codes.length, 16);
      for (const code of codes) {
        const error = await failureOf(client.inspect({ failWith: code }));
        equal(error.code, code);
        equal(/^[A-Z_]+, as you asked$/.test(error.rawMessage), true);
        equal(error.details.length, 10);
        equal(error.findDetails(RetryInfoSchema)[0]?.retryDelay?.nanos, 500_000_000);
        equal(error.findDetails(HelpSchema)[0]?.links.length, 1);
        equal(error.findDetails(LocalizedMessageSchema)[0]?.locale, "de");
      }
    },
  },
  {
    what: "a server stream arrives in order and ends",
    async check(client) {
      const arrivals = await collect(client.watchArrivals({ limit: 5, interval: fast }));
      equal(
        arrivals.map(({ sequence }) => sequence),
        [1n, 2n, 3n, 4n, 5n],
      );
    },
  },
  {
    what: "a message arrives while its stream goes on",
    async check(client) {
      const watching = client.watchArrivals({ interval: { seconds: 3600n } })[Symbol.asyncIterator]();
      equal((await watching.next()).value?.sequence, 1n);
      await watching.return?.();
    },
  },
  {
    what: "an error in the middle of a stream comes after its messages, with details",
    async check(client) {
      let count = 0;
      const error = await failureOf(
        (async () => {
          for await (const _ of client.watchArrivals({ interval: fast, failAfter: 2 })) count += 1;
        })(),
      );
      equal(count, 2);
      equal(error.code, Code.DataLoss);
      equal(error.findDetails(ErrorInfoSchema)[0]?.reason, "FAIL_AFTER");
    },
  },
  {
    what: "a stream that is refused fails with details",
    async check(client) {
      const error = await failureOf(collect(client.watchArrivals({ limit: -1 })));
      equal(error.code, Code.InvalidArgument);
      equal(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, "limit");
    },
  },
  {
    what: "a file of megabytes arrives whole",
    async check(client) {
      let count = 0;
      for await (const { data } of client.downloadBook({ name: "shelves/1/books/1", minBytes: 3_000_000n })) {
        count += data.length;
      }
      equal(count >= 3_000_000, true);
    },
  },
  {
    what: "a request and a reply of two megabytes arrive whole",
    async check(client) {
      const path = "0123456789".repeat(200_000);
      equal((await client.inspect({ path })).path === path, true);
    },
  },
  {
    what: "the backend knows the deadline",
    async check(client) {
      const { timeLeft } = await client.inspect({}, { timeoutMs: 60_000 });
      equal(timeLeft !== undefined && timeLeft.seconds > 30n && timeLeft.seconds <= 60n, true);
    },
  },
  {
    what: "a deadline that passes ends a unary call here and there",
    async check(client) {
      const tag = tagOf("deadline");
      const options = { timeoutMs: 400, headers: tag };
      const error = await failureOf(client.inspect({ delay: { seconds: 60n } }, options));
      equal(error.code, Code.DeadlineExceeded);
      await stateComesTo(client, tag, "cancelled");
    },
  },
  {
    what: "a deadline that passes ends a stream here and there",
    async check(client) {
      const tag = tagOf("stream-deadline");
      const options = { timeoutMs: 400, headers: tag };
      const error = await failureOf(collect(client.watchArrivals({ createdOnly: true }, options)));
      equal(error.code, Code.DeadlineExceeded);
      await stateComesTo(client, tag, "cancelled");
    },
  },
  {
    what: "a unary call that is aborted is cancelled at the backend",
    async check(client) {
      const tag = tagOf("abort");
      const abort = new AbortController();
      const call = failureOf(
        client.inspect({ delay: { seconds: 60n } }, { headers: tag, signal: abort.signal }),
      );
      await stateComesTo(client, tag, "open");
      abort.abort();
      equal((await call).code, Code.Canceled);
      await stateComesTo(client, tag, "cancelled");
    },
  },
  {
    what: "a stream that is aborted is cancelled at the backend",
    async check(client) {
      const tag = tagOf("abort-stream");
      const abort = new AbortController();
      const arrivals = client.watchArrivals({ interval: fast }, { headers: tag, signal: abort.signal });
      const error = await failureOf(
        (async () => {
          for await (const { sequence } of arrivals) if (sequence === 2n) abort.abort();
        })(),
      );
      equal(error.code, Code.Canceled);
      await stateComesTo(client, tag, "cancelled");
    },
  },
  {
    what: "many calls at once each get their own answer",
    async check(client) {
      const names = Array.from({ length: 40 }, (_, index) => `shelves/${(index % 7) + 1}`);
      const shelves = await Promise.all(names.map((name) => client.getShelf({ name })));
      equal(
        shelves.map(({ name }) => name),
        names,
      );
    },
  },
  {
    what: "the gateway's own health service answers",
    async check(_client, transport) {
      const health = createClient(Health, transport);
      const { status } = await health.check({ service: Library.typeName });
      equal(status, HealthCheckResponse_ServingStatus.SERVING);
      equal((await failureOf(health.check({ service: "no.such.Service" }))).code, Code.NotFound);
    },
  },
  ...requestStreamFacts,
];

/** The types of details inside of `Any`, for the JSON codec. */
export const detailRegistry = createRegistry(file_google_rpc_error_details, file_library);

/** The facts that hold for such a transport. */
export function factsFor(ability: Ability): readonly Fact[] {
  return facts.filter(({ needs }) => needs === undefined || ability[needs]);
}

async function checkMetadata(
  call: (options: CallOptions) => Promise<readonly { key: string; value: string }[] | undefined>,
): Promise<void> {
  let header = new Headers();
  let trailer = new Headers();
  const seen = await call({
    headers: {
      "x-mine": "one",
      "x-mine-bin": binary,
      "echo-head-x": "head",
      "echo-head-x-bin": binary,
      "echo-trail-x": "tail",
      "echo-trail-x-bin": binary,
    },
    onHeader: (read) => {
      header = read;
    },
    onTrailer: (read) => {
      trailer = read;
    },
  });
  equal([header.get("echo-head-x"), header.get("echo-head-x-bin")], ["head", binary]);
  equal([trailer.get("echo-trail-x"), trailer.get("echo-trail-x-bin")], ["tail", binary]);
  if (seen === undefined) return;
  const mine = seen.filter(({ key }) => key.startsWith("x-mine")).map(({ key, value }) => `${key}: ${value}`);
  equal(mine, ["x-mine: one", `x-mine-bin: ${binary}`]);
}

let tagCount = 0;

function tagOf(what: string): { "call-tag": string } {
  tagCount += 1;
  return { "call-tag": `${what}-${tagCount}-${Math.random()}` };
}

function stateComesTo(
  client: Client<typeof Library>,
  { "call-tag": tag }: { "call-tag": string },
  state: string,
): Promise<void> {
  return eventually(async () => equal((await client.inspect({ path: `calls/${tag}` })).path, state));
}
