// The facts of `library-facts.ts` for transports that can stream requests: client streams, and bidi streams half- and
// full-duplex.
import { Code } from "@connectrpc/connect";
import { BadRequestSchema, ResourceInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { collect, type Fact } from "./fact.ts";
import { equal, failureOf } from "./neutral-assert.ts";

export const requestStreamFacts: readonly Fact[] = [
  {
    what: "a client stream is answered once",
    needs: "clientStreams",
    async check(client) {
      const reply = await client.importBooks(
        each([{ parent: "shelves/6", book: { title: "One" } }, { book: {} }, { book: { title: "Two" } }]),
      );
      equal([reply.importedCount, reply.failedCount, reply.failures[0]?.index], [2, 1, 1]);
    },
  },
  {
    what: "a client stream that is refused early fails with details",
    needs: "clientStreams",
    async check(client) {
      const error = await failureOf(client.uploadBook(each([{ name: "shelves/1/books/nowhere" }])));
      equal(error.code, Code.NotFound);
      equal(error.findDetails(ResourceInfoSchema).length, 1);
    },
  },
  {
    what: "both sides of a bidi stream arrive, one after the other",
    needs: "clientStreams",
    async check(client) {
      const words = ["hello", "something by Verne", "bye"].map((value) => text(value));
      const replies = await collect(client.chat(each(words)));
      equal(
        replies.map(({ sequence }) => sequence),
        [1n, 2n, 3n],
      );
    },
  },
  {
    what: "a bidi stream is a talk: each word is answered before the next is said",
    needs: "fullDuplex",
    async check(client) {
      const answered = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      async function* words() {
        yield text("hello");
        await answered[0]?.promise;
        yield text("something by Verne");
        await answered[1]?.promise;
        yield text("bye");
      }
      let count = 0;
      for await (const { sequence } of client.chat(words())) {
        count += 1;
        answered[Number(sequence) - 1]?.resolve();
      }
      equal(count, 3);
    },
  },
  {
    what: "an error in the middle of a bidi stream comes after its replies",
    needs: "fullDuplex",
    async check(client) {
      const replies: bigint[] = [];
      const answered = Promise.withResolvers<void>();
      async function* words() {
        yield text("hello");
        await answered.promise;
        yield {};
      }
      const error = await failureOf(
        (async () => {
          for await (const { sequence } of client.chat(words())) {
            replies.push(sequence);
            answered.resolve();
          }
        })(),
      );
      equal(replies, [1n]);
      equal(error.code, Code.InvalidArgument);
      equal(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, "content");
    },
  },
];

function text(value: string) {
  return { content: { case: "text" as const, value } };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
