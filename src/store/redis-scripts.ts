// Both algorithms as Lua for Redis: one key, one round trip, the server's clock. Arithmetic as in token-bucket.ts and
// sliding-window.ts. A state is text, so that numbers keep all their digits.
// Source: https://redis.io/docs/latest/develop/programmability/eval-intro/
import { createHash } from "node:crypto";
import type { LimitRule, Verdict } from "./limit-store.ts";

export interface RedisScript {
  readonly lua: string;
  /** SHA-1 of the text, by which EVALSHA names it. */
  readonly sha: string;
}

const begin = `
local requests, perMs, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tolerance = 1e-12
local time = redis.call('TIME')
local seconds, micros = tonumber(time[1]), tonumber(time[2])
local state = redis.call('GET', KEYS[1])
local function whole(units, limit) return string.format('%.0f', math.max(0, math.floor(units + limit * tolerance))) end
local function answer(allowed, remaining, retryMs, resetMs)
  return { allowed and 1 or 0, remaining, string.format('%.17g', retryMs), string.format('%.17g', resetMs) }
end
`;

// The debt in units and when it was so: small numbers, exact also where the limit is a billion bytes a second. A clock
// that went back lets no time pass, and is written down, or the debt would stay until it has caught up.
const tokenBucketLua = `${begin}
local debt, moved = 0, false
if state then
  local owed, atSeconds, atMicros = string.match(state, '^(%S+) (%d+) (%d+)$')
  if owed then
    local passedMs = (seconds - tonumber(atSeconds)) * 1000 + (micros - tonumber(atMicros)) / 1000
    debt, moved = tonumber(owed), passedMs < 0
    if not moved then debt = math.max(0, debt - passedMs * requests / perMs) end
  end
end
local allowed = debt + cost <= burst * (1 + tolerance)
local left = allowed and debt + cost or debt
local resetMs = left * perMs / requests
if allowed or moved then
  redis.call('SET', KEYS[1], string.format('%.17g %d %d', left, seconds, micros), 'PX', math.ceil(resetMs) + 1)
end
local retryMs = 0
if cost > burst then retryMs = -1 elseif not allowed then retryMs = (debt + cost - burst) * perMs / requests end
return answer(allowed, whole(burst - left, burst), retryMs, resetMs)
`;

const slidingWindowLua = `${begin}
local nowMs = seconds * 1000 + micros / 1000
local window = math.floor(nowMs / perMs)
local passedMs = nowMs - window * perMs
local current, previous, moved = 0, 0, false
if state then
  local at, c, p = string.match(state, '^(%d+) (%S+) (%S+)$')
  if at then
    local steps = window - tonumber(at)
    moved = steps < 0
    if steps <= 0 then current, previous = tonumber(c), tonumber(p) elseif steps == 1 then previous = tonumber(c) end
  end
end
local used = previous * (1 - passedMs / perMs) + current
local allowed = used + cost <= requests * (1 + tolerance)
if allowed then current = current + cost end
local resetMs = 0
if current > 0 then resetMs = 2 * perMs - passedMs elseif previous > 0 then resetMs = perMs - passedMs end
if allowed or moved then
  local text = string.format('%.0f %.17g %.17g', window, current, previous)
  redis.call('SET', KEYS[1], text, 'PX', math.ceil(resetMs) + 1)
end
local retryMs = 0
if cost > requests then retryMs = -1
elseif allowed then retryMs = 0
elseif current + cost <= requests * (1 + tolerance) then
  retryMs = math.max(0, perMs * (1 - (requests - cost - current) / previous) - passedMs)
else
  retryMs = perMs - passedMs + perMs * (1 - (requests - cost) / current)
end
return answer(allowed, whole(requests - used - (allowed and cost or 0), requests), retryMs, resetMs)
`;

const scripts: Readonly<Record<LimitRule["algorithm"], RedisScript>> = {
  token_bucket: createScript(tokenBucketLua),
  sliding_window: createScript(slidingWindowLua),
};

export function scriptOf(rule: LimitRule): RedisScript {
  return scripts[rule.algorithm];
}

export function formatScriptArguments(rule: LimitRule, cost: number): string[] {
  return [String(rule.requests), String(rule.perMs), String(rule.burst), String(cost)];
}

/** The verdict that a script has returned; undefined where that is nothing that it could return. */
export function parseScriptReply(reply: unknown, rule: LimitRule): Verdict | undefined {
  if (!Array.isArray(reply) || reply.length !== 4) return undefined;
  const [allowed, remaining, retryMs, resetMs] = reply.map(readNumber);
  if (allowed === undefined || remaining === undefined || retryMs === undefined || resetMs === undefined) {
    return undefined;
  }
  const limit = rule.algorithm === "sliding_window" ? rule.requests : rule.burst;
  // The latest that anything can be is the end of the next window, or of the whole burst.
  const longestMs = 2 * Math.max(rule.perMs, (limit * rule.perMs) / rule.requests);
  if (allowed > 1 || remaining < 0 || remaining > limit || resetMs < 0) return undefined;
  if (retryMs > longestMs || resetMs > longestMs) return undefined;
  return {
    allowed: allowed === 1,
    remaining,
    retryAfterMs: retryMs < 0 ? Number.POSITIVE_INFINITY : retryMs,
    resetMs,
  };
}

function readNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function createScript(lua: string): RedisScript {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
