// From the key of a query parameter to the place in the message that it sets. Keys of the request message's own
// fields are resolved once; deeper ones are walked each time, so that a recursive message lets no client fill a cache.
// Source: semantics "Query parameters".
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { JsonOptions } from "../codec/codec.ts";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import {
  closeSubmessage,
  type FieldPath,
  fieldPathKey,
  fieldPathName,
  fieldsByName,
  fieldType,
  keysOverlap,
  missingField,
  openSubmessage,
} from "./field-path.ts";
import { isHttpBody, writeHttpBody } from "./http-body.ts";
import { quoteText } from "./quote-text.ts";
import type { FormPart } from "./route.ts";
import type { TextFields } from "./text-fields.ts";

/** A message nests less deep than this in any API; a recursive one could go on forever. */
const maxDepth = 32;

export interface ParameterScope {
  readonly input: DescMessage;
  /** Fields that keys are relative to: none for a query, the body's field for a form. */
  readonly under?: readonly DescField[];
  /** The rule's body: `*` leaves nothing to the query, a field is not the query's either. */
  readonly body: string;
  /** Fields that the path binds. */
  readonly pathFields: readonly FieldPath[];
  /** What becomes of keys that name no field. */
  readonly unknownFields: JsonOptions["unknownFields"];
  readonly textFields: TextFields;
}

export interface ParameterTarget {
  readonly ancestors: readonly DescField[];
  /** Field path by proto names: `book.title`. */
  readonly name: string;
  readonly type: string;
  readonly expected: string;
  /** The same for every spelling. */
  readonly key: string;
  readonly mapKey?: string;
  /** Keys of the well-known messages on the way, each of which a text may set as a whole instead. */
  readonly wholes: readonly string[];
  /** Why the key can set nothing, whatever the text is: it names a field, so it is no unknown key. */
  readonly misuse?: string;
  /** Whether it may be given more than once. */
  readonly repeats: boolean;
  /** Who sets the field instead of the query. */
  readonly owner: "query" | "path" | "body";
  /** The oneofs that it sets a member of, on the way and at the end. */
  readonly oneofs: readonly OneofClaim[];
  /** Whether it writes the bytes of a form's part, whatever the text is. */
  readonly raw: boolean;
  write(text: string, writer: ProtobufWriter): boolean;
}

/** A oneof that a path through a message sets a member of. */
export interface OneofClaim {
  readonly oneof: string;
  /** The oneof's message, and its name. */
  readonly place: string;
  /** Name of the member. */
  readonly member: string;
}

export interface ParameterTargets {
  /**
   * The target of a decoded key; a reason where it names no field. A part of a multipart form may go into an HttpBody,
   * and a file into bytes, untouched.
   */
  resolve(key: string, part?: FormPart): ParameterTarget | string;
  /** Members of oneofs that are set before any parameter is read: place and member. */
  takenOneofs(bodyPresent: boolean): readonly (readonly [string, string])[];
}

export function createParameterTargets(options: ParameterScope): ParameterTargets {
  const { input, body, textFields } = options;
  const under = options.under ?? [];
  const start = messageUnder(input, under);
  const pathKeys = options.pathFields.map(fieldPathKey);
  const bodyField = body === "" || body === "*" ? undefined : input.fields.find(({ name }) => name === body);
  // A form is the body: what it sets is its own.
  const bodyKey = under.length > 0 || bodyField === undefined ? undefined : String(bodyField.number);

  const ownerOf = (key: string): ParameterTarget["owner"] => {
    if (pathKeys.some((other) => keysOverlap(key, other))) return "path";
    return bodyKey !== undefined && keysOverlap(key, bodyKey) ? "body" : "query";
  };

  const wholesOf = (ancestors: readonly DescField[]): string[] => {
    const keys: string[] = [];
    for (const [depth, field] of ancestors.entries()) {
      if (depth < under.length || textFields.field(field) === undefined) continue;
      keys.push(fieldPathKey({ ancestors: ancestors.slice(0, depth), leaf: field }));
    }
    return keys;
  };

  const targetOf = (
    ancestors: readonly DescField[],
    leaf: DescField,
    of: { readonly mapKey?: string; readonly part?: FormPart; readonly misuse?: string } = {},
  ): ParameterTarget => {
    const { mapKey, part } = of;
    const path = { ancestors, leaf };
    const fieldKey = fieldPathKey(path);
    const name = fieldPathName(path);
    const type = fieldType(leaf);
    const common = {
      ancestors,
      name,
      type,
      expected: type,
      key: fieldKey,
      wholes: wholesOf(ancestors),
      repeats: leaf.fieldKind === "list",
      raw: false,
      owner: ownerOf(fieldKey),
      oneofs: oneofsOf([...ancestors, leaf]),
    };
    const misused = (misuse: string): ParameterTarget => ({ ...common, misuse, write: () => false });
    if (of.misuse !== undefined) return misused(of.misuse);
    if (mapKey !== undefined) {
      const entry = textFields.entry(leaf);
      if (entry === undefined)
        return misused(`"${name}" is ${type}, its values cannot be set by a parameter`);
      return {
        ...common,
        name: `${name}[${mapKey}]`,
        expected: entry.expected,
        key: `${fieldKey}[${mapKey}`,
        mapKey,
        write: (text, writer) => entry.write(mapKey, text, writer),
      };
    }
    const raw = part && rawWriter(leaf, part);
    if (raw !== undefined) return { ...common, raw: true, write: raw };
    const field = textFields.field(leaf);
    if (field !== undefined) return { ...common, expected: field.expected, write: field.write };
    if (leaf.fieldKind === "map") return misused(`"${name}" is ${type}, set it as ${name}[key]`);
    if (leaf.fieldKind === "list") return misused(`"${name}" is ${type}, which a parameter cannot carry`);
    return misused(`"${name}" is ${type}, set its fields as ${name}.field`);
  };

  const walk = (key: string, part?: FormPart): ParameterTarget | string => {
    const ancestors = [...under];
    let message = start;
    for (let at = 0, depth = 1; ; depth++) {
      const end = nameEnd(key, at);
      const name = key.slice(at, end);
      const field = fieldsByName(message).get(name);
      if (field === undefined)
        return missingField(message, name.length > 80 ? `${name.slice(0, 80)}…` : name);
      if (end === key.length) return targetOf(ancestors, field, part && { part });
      const misused = (reason: string) => targetOf(ancestors, field, { misuse: reason });
      const type = fieldType(field);
      if (key[end] === "[") {
        if (!key.endsWith("]")) return 'a "[" without the "]" at the end';
        if (field.fieldKind !== "map") return misused(`"${field.name}" is ${type}, not a map`);
        return targetOf(ancestors, field, { mapKey: key.slice(end + 1, -1) });
      }
      if (field.fieldKind !== "message") {
        return misused(`"${field.name}" is ${type}, which has no ${quoteText(key.slice(end + 1))} to set`);
      }
      if (depth === maxDepth) return misused(`nested deeper than ${maxDepth}`);
      ancestors.push(field);
      message = field.message;
      at = end + 1;
    }
  };

  const queryless = body === "*" && options.under === undefined;
  // Made when a first query comes: a large API has many routes, and most of them see none.
  let known: Map<string, ParameterTarget | string> | undefined;
  const ownFields = (): Map<string, ParameterTarget | string> => {
    const targets = new Map<string, ParameterTarget | string>();
    for (const [name, field] of fieldsByName(start)) targets.set(name, targetOf(under, field));
    return targets;
  };

  const pathOneofs = options.pathFields.flatMap(({ ancestors, leaf }) => oneofsOf([...ancestors, leaf]));
  const bodyOneofs = bodyField === undefined ? [] : oneofsOf([bodyField]);
  const taken = (claims: readonly OneofClaim[]) =>
    claims.map(({ place, member }) => [place, member] as const);
  const takenByPath = taken(pathOneofs);
  const takenByBoth = taken([...bodyOneofs, ...pathOneofs]);

  return {
    resolve(key, part) {
      if (queryless) return 'with body "*" there are no query parameters';
      if (part !== undefined) return walk(key, part);
      known ??= ownFields();
      return known.get(key) ?? walk(key);
    },
    takenOneofs: (bodyPresent) => (bodyPresent ? takenByBoth : takenByPath),
  };
}

/** Writes the bytes of a part untouched: into an HttpBody, or where it is a file into bytes. */
function rawWriter(leaf: DescField, part: FormPart): ParameterTarget["write"] | undefined {
  if (leaf.fieldKind === "map") return undefined;
  if (isHttpBody(leaf.message)) {
    return (_text, writer) => {
      const mark = openSubmessage(writer, leaf);
      writeHttpBody(writer, part.contentType, part.bytes);
      closeSubmessage(writer, leaf, mark);
      return true;
    };
  }
  if (leaf.scalar !== ScalarType.BYTES || !part.file) return undefined;
  return (_text, writer) => {
    writer.tag(leaf.number, WireType.LENGTH);
    writer.lengthPrefixed(part.bytes);
    return true;
  };
}

function messageUnder(input: DescMessage, under: readonly DescField[]): DescMessage {
  return under.at(-1)?.message ?? input;
}

export function oneofsOf(fields: readonly DescField[]): OneofClaim[] {
  const claims: OneofClaim[] = [];
  let place = "";
  for (const field of fields) {
    if (field.oneof !== undefined) {
      claims.push({ oneof: field.oneof.name, place: `${place}${field.oneof.name}`, member: field.name });
    }
    place += `${field.number}.`;
  }
  return claims;
}

/** Where the name that begins at `at` ends: at a dot, at a bracket, or at the end. */
function nameEnd(key: string, at: number): number {
  const dot = key.indexOf(".", at);
  const bracket = key.indexOf("[", at);
  return Math.min(dot < 0 ? key.length : dot, bracket < 0 ? key.length : bracket);
}
