// Reads the part of a service config (`google.api.Service` as YAML or JSON) that a gateway needs: `http.rules`.
// Everything else in it is for other tools and passed over.
// Source: google/api/service.proto; google/api/http.proto, Http
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import { didYouMean } from "./nearest-name.ts";
import { reasonOf } from "./parse-file.ts";
import type { Problem } from "./problem.ts";
import { createProblemList } from "./problem-list.ts";
import { readHttpRule } from "./read-http-rule.ts";
import { createYamlReader, type YamlReader } from "./yaml-reader.ts";

export interface ServiceConfigRule {
  /** With its `selector`. */
  readonly rule: HttpRule;
  /** `api.yaml:12:5` */
  readonly origin: string;
}

export interface ServiceConfig {
  /** As given. */
  readonly file: string;
  /** In the order of the file; a rule with a problem is left out. */
  readonly rules: readonly ServiceConfigRule[];
  /** `http.fully_decode_reserved_expansion`: whether `%2F` in `{name=**}` is decoded too. */
  readonly fullyDecodeReservedExpansion: boolean;
  readonly problems: readonly Problem[];
  /** SHA-256 of the text, hex. */
  readonly digest: string;
}

/** Larger than any service config; the file is parsed into a tree of some 50 times its size. */
const maxBytes = 4 * 1024 * 1024;

/** Reads and parses a file; what is wrong, an unreadable file included, is in `problems`. */
export async function readServiceConfig(file: string): Promise<ServiceConfig> {
  try {
    return parseServiceConfig(await readText(file), file);
  } catch (error) {
    const problems = [{ place: file, message: `cannot be read as a service config: ${reasonOf(error)}` }];
    return { file, rules: [], fullyDecodeReservedExpansion: false, problems, digest: "" };
  }
}

async function readText(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new Error(`it has ${size} bytes, the limit is ${maxBytes}`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Parses a service config. Total: whatever is wrong is a problem with its place. */
export function parseServiceConfig(text: string, file: string): ServiceConfig {
  const problems = createProblemList();
  const rules: ServiceConfigRule[] = [];
  let fullyDecodeReservedExpansion = false;
  try {
    const yaml = createYamlReader(text, file, problems);
    const http = readService(yaml);
    for (const entry of http === undefined ? [] : (yaml.entries(http, "`http`") ?? [])) {
      switch (entry.key) {
        case "rules":
          for (const node of yaml.items(entry.value, "`http.rules`") ?? []) {
            const rule = readHttpRule(yaml, node);
            if (rule !== undefined) rules.push({ rule, origin: yaml.place(node) });
          }
          break;
        case "fully_decode_reserved_expansion":
        case "fullyDecodeReservedExpansion":
          fullyDecodeReservedExpansion = yaml.flag(entry.value, `\`${entry.key}\``) ?? false;
          break;
        default:
          yaml.report(
            entry.keyNode,
            `\`http\` has no field \`${entry.key}\`${didYouMean(entry.key, httpKeys)}`,
          );
      }
    }
  } catch (error) {
    problems.add(file, `cannot be read as a service config: ${reasonOf(error)}`);
  }
  const digest = createHash("sha256").update(text).digest("hex");
  return { file, rules, fullyDecodeReservedExpansion, problems: problems.toArray(), digest };
}

const httpKeys = ["rules", "fully_decode_reserved_expansion"];

/** The `http` node of the service, if there is one. */
function readService(yaml: YamlReader): unknown {
  if (yaml.root === undefined) return undefined;
  if (yaml.root === null) {
    yaml.report(yaml.root, "it is empty; a service config has `type: google.api.Service` and `http.rules`");
    return undefined;
  }
  let http: unknown;
  for (const entry of yaml.entries(yaml.root, "a service config") ?? []) {
    if (entry.key === "http") http = entry.value;
    else if (entry.key === "type") {
      const type = yaml.text(entry.value, "`type`");
      if (type !== undefined && type !== "google.api.Service") {
        yaml.report(entry.value, `\`type\` is ${type}; it must be google.api.Service`);
      }
    } else if (!serviceKeys.has(snakeCase(entry.key))) {
      const near = didYouMean(entry.key, [...serviceKeys, "http", "type"]);
      yaml.report(entry.keyNode, `google.api.Service has no field \`${entry.key}\`${near}`);
    }
  }
  return http;
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Fields of google.api.Service beside `http` and `type`, those that older versions had included. */
const serviceKeys: ReadonlySet<string> = new Set(
  `apis authentication backend billing config_version context control custom_error documentation endpoints enums
  experimental id log_configs logging logs metrics monitored_resources monitoring name producer_project_id publishing
  quota source_info system_parameters system_types title types usage visibility`.split(/\s+/),
);
