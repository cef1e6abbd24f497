// Mistakes in a config file, each told in one sentence with its line and column.
import assert from "node:assert/strict";
import { test } from "node:test";
import { file, problems, testWrong } from "./config-file-case.ts";

testWrong([
  [
    "a misspelled key at the top",
    "listen: 8080\nupstream: localhost:50051\n",
    "2:1: unknown key `upstream`, did you mean `upstreams`?",
  ],
  [
    "a misspelled key in a list's mapping",
    "upstreams:\n  - name: a\n    target: a:1\n    requird: true\n",
    "4:5: unknown key `requird` in `upstreams[0]`, did you mean `required`?",
  ],
  [
    "a misspelled key two mappings down",
    "upstreams:\n  - target: https://a:1\n    tls: { cafile: x.pem, serverName: y }\n",
    "3:12: unknown key `cafile` in `upstreams[0].tls`, did you mean `caFile`?",
  ],
  [
    "a key that belongs into a group",
    "serviceConfigs: api.yaml\n",
    "1:1: unknown key `serviceConfigs`; it belongs under `schema`",
  ],
  ["a key that is like none", "zzz: 1\n", "1:1: unknown key `zzz`"],
  [
    "a misspelled word",
    "profile: gogle\n",
    "1:10: `profile`: expected one of `standard`, `grpc-gateway`, `google`, got `gogle`, did you mean `google`?",
  ],
  [
    "text where a mapping is due",
    "log: debug\n",
    "1:6: `log`: expected a mapping of keys to values, got `debug`",
  ],
  [
    "a key without a value",
    "listen: 1\nlog:\n",
    "2:1: `log`: expected a mapping of keys to values, got nothing",
  ],
  ["a YAML 1.1 truth", "strict: yes\n", "1:9: `strict`: expected true or false, got `yes`"],
  [
    "a duration without a unit",
    "reflection:\n  interval: 30\n",
    "2:13: `reflection.interval`: expected a duration such as `500ms`, `30s` or `1m`, got `30`",
  ],
  [
    "a duration of another grammar",
    "drain: {grace: 30 seconds}\n",
    "1:16: `drain.grace`: expected a duration such as `500ms`, `30s` or `1m`, got `30 seconds`",
  ],
  [
    "an interval that would be a flood",
    "reflection: {interval: 1ms}\n",
    "1:24: `reflection.interval`: expected a duration of at least 100ms, got `1ms`",
  ],
  [
    "a size of another unit",
    "maxRequestBytes: 4 apples\n",
    "1:18: `maxRequestBytes`: expected a size such as `4MiB`, `512KiB` or a number of bytes, got `4 apples`",
  ],
  [
    "a bad address in a list",
    "listen:\n  - 127.0.0.1:8080\n  - nowhere\n",
    "3:5: `listen[1]`: expected HOST:PORT, as in `127.0.0.1:8080`, `8080` or `[::1]:8080`, got `nowhere`",
  ],
  [
    "a mapping where an address is due",
    "listen: {port: 8080}\n",
    "1:9: `listen`: expected HOST:PORT, or a list of them, got a mapping",
  ],
  ["an empty list", "listen: []\n", "1:9: `listen`: expected at least one entry, got a list"],
  [
    "an upstream without a target",
    "upstreams:\n  - name: library\n",
    "2:5: `target` is missing in `upstreams[0]`",
  ],
  [
    "an upstream that is a number",
    "upstreams:\n  - a:1\n  - 50051\n",
    "3:5: `upstreams[1]`: expected `host:port`, `name=host:port` or a mapping with `target`, got `50051`",
  ],
  [
    "a selector that is none",
    "upstreams: [{target: 'a:1', services: ['acme.*.v1']}]\n",
    "1:40: `upstreams[0].services[0]`: expected a service such as `acme.v1.Billing` or all of a package as `acme.v1.*`, got `acme.*.v1`",
  ],
  [
    "a reserved header",
    "upstreams:\n  - target: a:1\n    header:\n      grpc-timeout: 1s\n",
    "4:21: `upstreams[0].header.grpc-timeout`: expected the name of a header (letters, digits, `_`, `.`, `-`; not `grpc-…`), got `grpc-timeout`",
  ],
  [
    "a header with a line break",
    'upstreams:\n  - target: a:1\n    header: {x: "a\\nb"}\n',
    "3:17: `upstreams[0].header.x`: expected printable ASCII text",
  ],
  [
    "a header that is a number, which may be a secret",
    "upstreams:\n  - target: a:1\n    header: {x: 12345}\n",
    "3:17: `upstreams[0].header.x`: expected text, or a list of texts, got something else",
  ],
  [
    "an origin with a path",
    "cors:\n  origins: [https://a.example.com/x]\n",
    "2:13: `cors.origins[0]`: expected an origin, which has no path and no slash at its end, got `https://a.example.com/x`",
  ],
  [
    "an origin without a scheme",
    "cors: {origins: a.example.com}\n",
    "1:17: `cors.origins`: expected an origin with its scheme, such as `https://app.example.com`, got `a.example.com`",
  ],
  [
    "all headers as a star",
    "cors: {origins: '*', headers: '*'}\n",
    "1:31: `cors.headers`: expected names of headers; without this key all are allowed",
  ],
  [
    "a heartbeat that would be a flood",
    "heartbeat: {sse: 10ms}\n",
    "1:18: `heartbeat.sse`: expected a duration of at least 1s, or `off`, got `10ms`",
  ],
  [
    "a heartbeat that is text",
    "heartbeat: {webSocket: never}\n",
    "1:24: `heartbeat.webSocket`: expected a duration such as `500ms`, `30s` or `1m`, got `never`; or `off`",
  ],
  [
    "a header limit that HTTP/2 cannot have",
    "limits: {maxHeaderBytes: 1MiB}\n",
    "1:26: `limits.maxHeaderBytes`: expected a size from 4KiB to 64KiB, got `1MiB`",
  ],
  [
    "no connections at all",
    "limits: {maxConnections: 0}\n",
    "1:26: `limits.maxConnections`: expected a number from 1 to 1000000, got `0`",
  ],
  [
    "half a request",
    "limits: {maxConcurrentRequests: 0.5}\n",
    "1:33: `limits.maxConcurrentRequests`: expected a number from 1 to 100000, got `0.5`",
  ],
  [
    "a misspelled word for client certificates",
    "tls: {clientAuth: optinal}\n",
    "1:19: `tls.clientAuth`: expected one of `require`, `optional`, got `optinal`, did you mean `optional`?",
  ],
  ["a duplicate key", "listen: 1\nadmin: off\nlisten: 2\n", "3:1: the key `listen` is there twice"],
  ["a tab", "reflection:\n\tinterval: 30s\n", "2:1: a tab where YAML wants spaces"],
  [
    "a second document",
    "listen: 1\n---\nlisten: 2\n",
    "2:1: a second document (after `---`); one file is one config",
  ],
  [
    "a list at the top",
    "- a:1\n",
    "1:1: expected keys and values at the top, such as `upstreams: localhost:50051`, got a list",
  ],
  [
    "one value",
    "localhost:50051\n",
    "1:1: expected keys and values at the top, such as `upstreams: localhost:50051`, got one value",
  ],
  ["an empty file", "", "1:1: the file is empty; `protogate help config` lists its keys"],
  ["comments alone", "# nothing yet\n", "1:1: the file is empty; `protogate help config` lists its keys"],
]);

test("a bracket that is not closed is told with its place and YAML's reason", () => {
  const [first] = problems("listen: [1, 2\nadmin: off\n");
  assert.match(first ?? "", /^etc\/protogate\.yaml:\d+:\d+: not YAML: /);
});

test("a bad upstream in short form is told where it stands", () => {
  const [first, ...rest] = problems("upstreams:\n  - a:1\n  - b:port\n");
  assert.match(first ?? "", /^etc\/protogate\.yaml:3:5: `upstreams\[1\]`: expected host:port/);
  assert.deepEqual(rest, []);
});

test("every problem of a file is told at once", () => {
  const text =
    "listn: 1\nprofile: x\nupstreams:\n  - target: a:1\n    reflection: maybe\n    nmae: b\ndrain: {grace: 3}\n";
  const places = problems(text).map((problem) => problem.split(": ")[0]?.slice(file.length + 1));
  assert.deepEqual(places.toSorted(), ["1:1", "2:10", "5:17", "6:5", "7:16"]);
});

test("problems through an anchor point at the anchored text", () => {
  const text = "upstreams:\n  - &a {target: a:1, reflection: no}\n  - *a\n";
  assert.ok(problems(text).every((problem) => problem.startsWith(`${file}:2:34: `)));
});

test("a file full of mistakes is told in bounded length", () => {
  const text = Array.from({ length: 5000 }, (_, i) => `key${i}: 1`).join("\n");
  assert.equal(problems(text).length, 50);
});

test("aliases that multiply are refused", () => {
  const levels = Array.from({ length: 12 }, (_, i) => `k${i + 1}: &x${i + 1} [${`*x${i},`.repeat(9)}]`);
  const [first] = problems(["k0: &x0 [lol]", ...levels].join("\n"));
  assert.match(first ?? "", /not usable as YAML/);
});

test("names of Object's insides are unknown keys like others", () => {
  assert.deepEqual(problems("constructor: 1\n"), [`${file}:1:1: unknown key \`constructor\``]);
  assert.deepEqual(problems("toString: 1\n"), [`${file}:1:1: unknown key \`toString\``]);
  assert.deepEqual(problems("__proto__: {listen: 1}\n"), [`${file}:1:1: unknown key \`__proto__\``]);
});
