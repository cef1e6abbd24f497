// Mistakes in what a config file says of methods: REST, flow control, and who may call.
import { testWrong } from "./config-file-case.ts";

testWrong([
  [
    "a success status that promises what a reply does not keep",
    "rest:\n  successStatus: 206\n",
    "2:18: `rest.successStatus`: expected a status from 200 to 299, but neither 205 nor 206, got 206",
  ],
  [
    "a success status that is a word",
    "rest: {successStatus: created}\n",
    "1:23: `rest.successStatus`: expected a status from 200 to 299, got `created`",
  ],
  [
    "a misspelled setting of a method",
    "methods:\n  - selector: a.B.C\n    rest: {emitDefalts: true}\n",
    "3:12: unknown key `emitDefalts` in `methods[0].rest`, did you mean `emitDefaults`?",
  ],
  [
    "a setting of a method that stands beside `rest`",
    "methods: [{selector: a.B.C, protoNames: true}]\n",
    "1:29: unknown key `protoNames` in `methods[0]`; it belongs under `rest`",
  ],
  ["a rate limit without a number", "rateLimit: {per: 1s}\n", "1:12: `requests` is missing in `rateLimit`"],
  [
    "a rate limit of nothing",
    "methods:\n  - selector: a.B.C\n    rateLimit:\n      - requests: 5\n      - {requests: 0}\n",
    "5:20: `methods[0].rateLimit[1].requests`: expected a whole number of at least 1, got 0",
  ],
  [
    "a rate limit in no time",
    "rateLimit: [{requests: 1, per: 0s}]\n",
    "1:32: `rateLimit[0].per`: expected a duration from 1ms to 31 days, got 0ms",
  ],
  [
    "a rate limit over a bare number",
    "rateLimit: [{requests: 1, per: 5}]\n",
    "1:32: `rateLimit[0].per`: expected a duration such as `1s`, got `5`",
  ],
  [
    "an expression that nobody knows",
    'rateLimit: {requests: 1, key: "header:x-a, user"}\n',
    '1:31: `rateLimit.key`: "user" is none of global, ip, rpc, principal, header:, cookie:, claim:, field:',
  ],
  [
    "a burst of a sliding window",
    "rateLimit: [{requests: 1, burst: 2, algorithm: sliding-window}]\n",
    "1:13: `rateLimit[0]`: a sliding window has no burst",
  ],
  [
    "two limits of one name",
    "rateLimit: [{requests: 1, name: a}, {requests: 2, name: a}]\n",
    "1:37: `rateLimit[1]`: the name `a` is there twice",
  ],
  [
    "a queue without places",
    "concurrency: {max: 0, queue: 5}\n",
    "1:14: `concurrency`: queue without max, which has to be at least 1",
  ],
  [
    "a wait for a place that is none",
    "concurrency: {max: 1, queueTimeout: 0ms}\n",
    "1:37: `concurrency.queueTimeout`: expected a duration from 1ms to 24 days, got 0ms",
  ],
  [
    "more attempts than may be",
    "retry: {maxAttempts: 9}\n",
    "1:22: `retry.maxAttempts`: expected a whole number from 2 to 5, got 9",
  ],
  [
    "a misspelled code",
    "retry: {maxAttempts: 2, codes: [UNAVAILABEL]}\n",
    "1:33: `retry.codes[0]`: expected one of `CANCELLED`, `UNKNOWN`, `INVALID_ARGUMENT`, `DEADLINE_EXCEEDED`, `NOT_FOUND`, `ALREADY_EXISTS`, `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`, `OUT_OF_RANGE`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, `UNAUTHENTICATED`, got `UNAVAILABEL`, did you mean `UNAVAILABLE`?",
  ],
  [
    "a share of retries of nothing",
    "retry: {maxAttempts: 2, budgetRatio: 0}\n",
    "1:38: `retry.budgetRatio`: expected more than 0 and at most 1, got 0",
  ],
  ["a hedge without its delay", "hedge: {maxAttempts: 2}\n", "1:8: `delay` is missing in `hedge`"],
  [
    "a hedge that never decides",
    "hedge: {maxAttempts: 2, delay: 5ms, nonFatalCodes: []}\n",
    "1:52: `hedge.nonFatalCodes`: expected at least one code, got a list",
  ],
  [
    "a hedge of one call",
    "methods: [{selector: a.B.C, hedge: {maxAttempts: 1, delay: 5ms}}]\n",
    "1:50: `methods[0].hedge.maxAttempts`: expected a whole number from 2 to 5, got 1",
  ],
  [
    "a share of failures above all",
    "circuitBreaker: {failureRatio: 50}\n",
    "1:32: `circuitBreaker.failureRatio`: expected more than 0 and at most 1, got 50",
  ],
  [
    "a time that is no time",
    "methods: [{selector: a.B.C, timeout: {max: 0s}}]\n",
    "1:44: `methods[0].timeout.max`: expected a duration of at least 1ms, got `0s`; or `off`",
  ],
  [
    "a number of messages that is none",
    "stream: {requests: {maxMessages: 0}}\n",
    "1:34: `stream.requests.maxMessages`: expected a whole number of at least 1, got `0`; or `off`",
  ],
  [
    "a scope that no token can have",
    'methods: [{selector: a.B.C, auth: {scopes: ["a b"]}}]\n',
    '1:44: `methods[0].auth.scopes`: expected printable ASCII without spaces, quotes and backslashes, got "a b"',
  ],
  [
    "an access that is a word of its own",
    "methods: [{selector: a.B.C, auth: open}]\n",
    "1:35: `methods[0].auth`: expected one of `public`, `required`, got `open`",
  ],
  [
    "a key set in the clear",
    "auth: {jwt: {issuer: i, audience: a, jwks: http://issuer/keys}}\n",
    "1:44: `auth.jwt.jwks`: http: lets whoever is on the way choose the keys; use https:, or allow it explicitly",
  ],
  [
    "a demand that is no list",
    "methods: [{selector: a.B.C, auth: {scopes: admin}}]\n",
    "1:44: `methods[0].auth.scopes`: expected a list, got `admin`",
  ],
  [
    "a misspelled `off`",
    "methods: [{selector: a.B.C, retry: of}]\n",
    "1:36: `methods[0].retry`: expected one of `off`, got `of`, did you mean `off`?",
  ],
  [
    "a proxy that is a name",
    "trustedProxies: [proxy.internal]\n",
    '1:18: `trustedProxies[0]`: expected an address or a range such as `10.0.0.0/8`: "proxy.internal" is no IP address',
  ],
  [
    "a shared secret that is to be fetched",
    "auth: {jwt: {issuer: i, audience: a, jwks: https://issuer/keys, algorithms: [HS256]}}\n",
    "1:77: `auth.jwt.algorithms`: HS* needs a shared secret, which is no thing to fetch from a URL; name a file",
  ],
  [
    "a setting that is for all methods or for none",
    "methods: [{selector: a.B.C, rest: {unescape: all}}]\n",
    "1:36: unknown key `unescape` in `methods[0].rest`; it belongs under `rest`",
  ],
  [
    "a method's selector that is none",
    "methods: {selector: 'a.B*'}\n",
    "1:21: `methods.selector`: expected a method such as `acme.v1.Billing.Pay`, all below a name as `acme.v1.*`, or `*`, got `a.B*`",
  ],
  [
    "a name that no header has",
    'rest: {header: {"x y": user_id}}\n',
    '1:24: `rest.header.x y`: expected a name of letters, digits and !#$%&\'*+-.^_`|~, got "x y"',
  ],
  [
    "a binding to what is no field path",
    "rest:\n  cookie: {session: user..id}\n",
    "2:21: `rest.cookie.session`: expected the path of a field such as `user_id`, got `user..id`",
  ],
  [
    "a binding to nothing",
    "rest: {header: {x-a: }}\n",
    "1:17: `rest.header.x-a`: expected the path of a field such as `user_id`, or a list of them, got nothing",
  ],
]);
