// What the gateway flags and the UPSTREAM arguments say, as a ConfigLayer.

import { didYouMean } from "../schema/nearest-name.ts";
import type { Problem } from "../schema/problem.ts";
import { dialects, type ProfileName } from "../transcode/dialect.ts";
import { type NamedTarget, parseNamedTarget } from "../upstream/target.ts";
import { parseRedis } from "./access-shape.ts";
import type { LogLevel } from "./config.ts";
import type { ConfigLayer, LayerReading } from "./config-layer.ts";
import { type ListenAddress, parseListen } from "./listen-text.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { notParsed, type Parsed, parsed, quoted } from "./parsed.ts";
import { parseSize } from "./size-text.ts";

export interface FlagReading extends LayerReading {
  readonly problems: readonly Problem[];
}

/** @param upstreams the positionals that name upstreams: all of them, except for `explain` */
export function readFlags(parsedArguments: ParsedArguments, upstreams: readonly string[]): FlagReading {
  const { values } = parsedArguments;
  const problems: Problem[] = [...parsedArguments.problems];

  const all = <T>(flag: string, parse: (text: string) => Parsed<T>): readonly T[] | undefined =>
    values.get(flag)?.flatMap((text) => take(`--${flag}`, parse(text)));
  const one = <T>(flag: string, parse: (text: string) => Parsed<T>): T | undefined => all(flag, parse)?.at(0);
  const on = (flag: string): true | undefined => (values.has(flag) ? true : undefined);
  function take<T>(place: string, outcome: Parsed<T>): readonly T[] {
    if (outcome.ok) return [outcome.value];
    problems.push({ place, message: outcome.message });
    return [];
  }

  const targets: readonly NamedTarget[] = upstreams.flatMap((text) =>
    take(`argument ${quoted(text)}`, parseNamedTarget(text)),
  );
  const layer: ConfigLayer = {
    listen: all("listen", parseListen),
    admin: one("admin", parseAdmin),
    profile: one("profile", (text) => parseWord<ProfileName>(text, profiles)),
    strict: on("strict"),
    maxRequestBytes: one("max-request-bytes", parseSize),
    tls: present({
      certFile: one("tls-cert", parsed),
      keyFile: one("tls-key", parsed),
      clientCaFile: one("tls-client-ca", parsed),
    }),
    upstreams: upstreams.length === 0 ? undefined : targets,
    schema: present({
      descriptorSets: all("descriptor-set", parsed),
      protos: all("proto", parsed),
      protoPaths: all("proto-path", parsed),
      serviceConfigs: all("service-config", parsed),
    }),
    store: present({ redis: all("redis", parseRedis) }),
    reflection: present({ enabled: on("reflection") }),
    log: present({ level: one("log-level", (text) => parseWord<LogLevel>(text, logLevels)) }),
  };
  return { layer, problems, placeOf: (path) => placeOf(path, upstreams) };
}

const profiles: readonly ProfileName[] = Object.values(dialects).map((dialect) => dialect.name);
const logLevels: readonly LogLevel[] = ["debug", "info", "warn", "error", "off"];

function parseAdmin(text: string): Parsed<"off" | ListenAddress> {
  if (text === "off") return parsed("off");
  const outcome = parseListen(text);
  return outcome.ok ? outcome : notParsed(`${outcome.message}; or \`off\``);
}

function parseWord<T extends string>(text: string, words: readonly T[]): Parsed<T> {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return parsed(word);
  const list = words.map((candidate) => `\`${candidate}\``).join(", ");
  return notParsed(`expected one of ${list}, got ${quoted(text)}${didYouMean(text, words)}`);
}

/** A group of keys, absent where none of them was given. */
function present<T extends object>(group: T): T | undefined {
  return Object.values(group).some((value) => value !== undefined) ? group : undefined;
}

const flagOfKey = new Map([
  ["maxRequestBytes", "--max-request-bytes"],
  ["store", "--redis"],
  ["tls", "--tls-cert"],
  ["tls.certFile", "--tls-cert"],
  ["tls.keyFile", "--tls-key"],
  ["tls.clientCaFile", "--tls-client-ca"],
  ["schema.descriptorSets", "--descriptor-set"],
  ["schema.protos", "--proto"],
  ["schema.protoPaths", "--proto-path"],
  ["schema.serviceConfigs", "--service-config"],
]);

function placeOf(path: readonly PropertyKey[], upstreams: readonly string[]): string {
  const keys = path.filter((step) => typeof step === "string");
  if (keys[0] === "upstreams") return `argument ${quoted(upstreams[Number(path[1])] ?? "UPSTREAM")}`;
  return flagOfKey.get(keys.join(".")) ?? flagOfKey.get(keys[0] ?? "") ?? `--${keys[0] ?? ""}`;
}
