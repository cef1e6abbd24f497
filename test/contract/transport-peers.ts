// The contract of `Transport`: peers that speak HTTP/2 and hardly gRPC. Their answers are errors, never a crash.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { Code } from "../../src/rpc/code.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import { bytesOf, type CreateTransport, callOf, errorOf, using } from "./transport.ts";

export function describeTransportPeers(name: string, create: CreateTransport): void {
  describe(`${name} bears with its peers`, { timeout: 30_000 }, () => {
    const peers: readonly [
      title: string,
      header: Record<string, string | number>,
      code: Code,
      text?: string,
    ][] = [
      [
        "a stray percent sign in grpc-message stays",
        { "grpc-status": "5", "grpc-message": "50% off" },
        5,
        "50% off",
      ],
      ["a code that gRPC does not know is kept", { "grpc-status": "77", "grpc-message": "x" }, 77, "x"],
      [
        "a status that is no number is UNKNOWN",
        { "grpc-status": "abc", "grpc-message": "x" },
        Code.UNKNOWN,
        "x",
      ],
      [
        "details that are no status leave the error as it is",
        { "grpc-status": "5", "grpc-status-details-bin": "!!" },
        5,
      ],
      ["HTTP 503 is UNAVAILABLE", { ":status": 503, "content-type": "text/html" }, Code.UNAVAILABLE],
      ["HTTP 404 is UNIMPLEMENTED", { ":status": 404, "content-type": "text/html" }, Code.UNIMPLEMENTED],
      ["HTTP 401 is UNAUTHENTICATED", { ":status": 401, "content-type": "text/html" }, Code.UNAUTHENTICATED],
      ["HTTP 500 is UNKNOWN", { ":status": 500, "content-type": "text/html" }, Code.UNKNOWN],
    ];
    for (const [title, header, code, text] of peers) {
      test(title, async () => {
        await using peer = await startTrailersOnly((stream) => {
          stream.respond(
            { ":status": 200, "content-type": "application/grpc", ...header },
            { endStream: true },
          );
        });
        await using transport = using(create({ target: peer.target }));
        for (const kind of ["unary", "server_streaming"] as const) {
          const error = await errorOf(transport.invoke(callOf(kind)));
          assert.equal(error.code, code);
          if (text !== undefined) assert.equal(error.rawMessage, text);
        }
      });
    }

    test("a stream that the backend resets fails", async () => {
      await using peer = await startTrailersOnly((stream) => stream.close(2));
      await using transport = using(create({ target: peer.target }));
      for (const kind of ["unary", "server_streaming"] as const) {
        assert.equal((await errorOf(transport.invoke(callOf(kind)))).code, Code.INTERNAL);
      }
    });

    test("an HTML page with status 200 is an error, not a message", async () => {
      await using peer = await startTrailersOnly((stream) => {
        stream.respond({ ":status": 200, "content-type": "text/html" });
        stream.end("<html>welcome</html>");
      });
      await using transport = using(create({ target: peer.target }));
      const messages = streamOf(bytesOf("a"));
      await errorOf(transport.invoke(callOf("unary")));
      await errorOf(transport.invoke(callOf("client_streaming", { messages })));
    });

    const codecs: readonly [type: string, grpcStatus: string, code: Code | undefined, reason: string][] = [
      ["application/grpc+proto", "0", undefined, "the codec that was sent, named"],
      ["Application/gRPC; charset=utf-8", "0", undefined, "media types have no case and may have parameters"],
      ["application/grpc+json", "0", Code.INTERNAL, "bytes that are no message of the method"],
      ["application/grpc+json", "5", Code.NOT_FOUND, "who speaks gRPC knows why it failed"],
      ["application/grpc-web+proto", "0", Code.UNKNOWN, "another protocol, whose end is in the body"],
    ];
    for (const [type, grpcStatus, code, reason] of codecs) {
      const end = code === undefined ? "a reply" : `an error of code ${code}`;
      test(`${type} with status ${grpcStatus} is ${end}: ${reason}`, async () => {
        await using peer = await startTrailersOnly((stream) => {
          stream.respond({ ":status": 200, "content-type": type }, { waitForTrailers: true });
          stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": grpcStatus }));
          stream.end(Buffer.of(0, 0, 0, 0, 2, 0x7b, 0x7d));
        });
        await using transport = using(create({ target: peer.target }));
        const call = callOf("unary");
        if (code !== undefined) assert.equal((await errorOf(transport.invoke(call))).code, code);
        else assert.equal((await transport.invoke(call)).kind, "unary");
      });
    }
  });
}

/** A peer that answers every request as told. */
async function startTrailersOnly(answer: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    answer(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    target: { host: "127.0.0.1", port: (server.address() as AddressInfo).port, tls: false },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
