// The facts of `library-facts.ts` in a page, by @connectrpc/connect-web.
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { Library } from "../../../examples/library/gen/library_pb.ts";
import { detailRegistry, factsFor } from "./library-facts.ts";

export interface PageTransport {
  readonly protocol: "Connect" | "gRPC-Web";
  readonly baseUrl: string;
  readonly useBinaryFormat: boolean;
  readonly useHttpGet?: boolean;
}

/** fetch of today's browsers sends a body only when it is whole, and connect-web no streams of them. */
const pageFacts = factsFor({ clientStreams: false, fullDuplex: false });

export function names(): string[] {
  return pageFacts.map(({ what }) => what);
}

/** Undefined where the fact holds, else what does not. */
export async function check(options: PageTransport, what: string): Promise<string | undefined> {
  const transport = connect(options);
  const fact = pageFacts.find((each) => each.what === what);
  if (fact === undefined) return "there is no such fact";
  try {
    await fact.check(createClient(Library, transport), transport);
    return undefined;
  } catch (reason) {
    return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  }
}

/** The title of a book, after a call that is not free of side effects. */
export async function readBook(options: PageTransport): Promise<string> {
  const client = createClient(Library, connect(options));
  await client.inspect({});
  const { title } = await client.getBook({ name: "shelves/7/books/9" });
  return title;
}

function connect({ protocol, ...options }: PageTransport): Transport {
  const create = protocol === "Connect" ? createConnectTransport : createGrpcWebTransport;
  return create({ ...options, jsonOptions: { registry: detailRegistry } });
}
