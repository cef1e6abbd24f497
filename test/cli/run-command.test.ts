// Mistakes on the command line, up to the exit code: nothing on stdout, one sentence for each on stderr, exit 2.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequest } from "../../src/cli/explain.ts";
import { run } from "./run.ts";

const mistakes: readonly (readonly [args: readonly string[], stderr: string])[] = [
  [["sevre"], "`sevre`: no such command, did you mean `serve`?\nSee `protogate help`.\n"],
  [
    ["localhost:50051"],
    "`localhost:50051`: no such command, did you mean `protogate serve localhost:50051`?\nSee `protogate help`.\n",
  ],
  [
    ["--listen=1"],
    "`--listen=1`: no such command, did you mean `protogate serve --listen=1`?\nSee `protogate help`.\n",
  ],
  [
    ["zzz"],
    "`zzz`: no such command; expected one of serve, check, routes, explain, help\nSee `protogate help`.\n",
  ],
  [
    ["serve", "--lisen", "1"],
    "--lisen: unknown flag, did you mean `--listen`?\nSee `protogate help serve`.\n",
  ],
  [["serve", "--jsn"], "--jsn: unknown flag\nSee `protogate help serve`.\n"],
  [["check", "--jsn"], "--jsn: unknown flag, did you mean `--json`?\nSee `protogate help check`.\n"],
  [
    ["routes", "--profile", "gogle", "--listen", "x:y"],
    "--listen: expected HOST:PORT, as in `127.0.0.1:8080`, `8080` or `[::1]:8080`, got `x:y`\n--profile: expected one of `standard`, `grpc-gateway`, `google`, got `gogle`, did you mean `google`?\nSee `protogate help routes`.\n",
  ],
  [
    ["serve", "--config", "/no/such.yaml"],
    "/no/such.yaml: no such file (there is no folder `/no`)\nSee `protogate help serve`.\n",
  ],
  [
    ["explain"],
    "argument 1: expected a request such as 'GET /v1/shelves/1', quoted as one argument\nSee `protogate help explain`.\n",
  ],
  [
    ["explain", "GET", "/v1/shelves"],
    "argument `GET`: expected a request such as 'GET /v1/shelves/1', quoted as one argument\nSee `protogate help explain`.\n",
  ],
  [
    ["explain", "/v1", "--header", "x-user-id=ada"],
    "--header: expected 'NAME: VALUE', as in 'x-user-id: ada', got `x-user-id=ada`\nSee `protogate help explain`.\n",
  ],
  [
    ["explain", "/v1", "--data", "@/no/file"],
    "--data: /no/file: no such file (there is no folder `/no`)\nSee `protogate help explain`.\n",
  ],
];
for (const [args, stderr] of mistakes) {
  test(`\`protogate ${args.join(" ")}\` is a mistake that is told`, async () => {
    assert.deepEqual(await run(...args), { code: 2, stdout: "", stderr });
  });
}

test("--version is the version, of a command too", async () => {
  const { code, stdout } = await run("--version");
  assert.equal(code, 0);
  assert.match(stdout, /^protogate \d+\.\d+\.\d+ \(node v\d+\.\d+\.\d+\)\n$/);
  assert.equal((await run("serve", "--version")).stdout, stdout);
});

const requests: readonly (readonly [text: string, httpMethod: string, target: string, reason: string])[] = [
  ["GET /v1/x?y=z", "GET", "/v1/x?y=z", "method and target"],
  ["/v1/x", "GET", "/v1/x", "the method is GET where none is given"],
  ["post   /v1/x:cancel", "POST", "/v1/x:cancel", "case and spaces of the method do not count"],
  ["GET http://localhost:8080/v1/x?y", "GET", "/v1/x?y", "a URL stands for its path"],
  ["https://h/v1", "GET", "/v1", "a URL alone, too"],
  ["X-CUSTOM /%2F%zz", "X-CUSTOM", "/%2F%zz", "raw text is kept, custom methods are methods"],
];
for (const [text, httpMethod, target, reason] of requests) {
  test(`explain reads \`${text}\`: ${reason}`, () => {
    assert.deepEqual(parseRequest(text), { httpMethod, target });
  });
}

for (const text of [undefined, "", "GET", "GET v1/x", "GET /v1/x HTTP/1.1", "GET /a b", "G(ET /"]) {
  test(`explain refuses ${text === undefined ? "nothing" : `\`${text}\``}`, () => {
    assert.ok("message" in parseRequest(text));
  });
}
