// The decoder of google.protobuf.Any: an object with "@type", anywhere among its members, and the message's members, or
// "value" where the message has a JSON form of its own. Source: google/protobuf/any.proto, "JSON".
// A type that the schema does not know is read from the form in which encode-wkt-any.ts prints it: base64 in "value".
import type { DescMessage } from "@bufbuild/protobuf";
import { WireType } from "../wire/protobuf-writer.ts";
import type { JsonOptions } from "./codec.ts";
import type { MessageDecoder } from "./decode-message.ts";
import { readText, writeBase64 } from "./decode-scalar.ts";
import type { DecodeState } from "./decode-state.ts";
import { customDecoder } from "./decode-wkt.ts";

export interface AnyContext {
  readonly options: JsonOptions;
  resolve(typeName: string): DescMessage | undefined;
  message(desc: DescMessage): MessageDecoder;
  /** Whether the message has a JSON form of its own and stands under "value". */
  hasCustomJson(desc: DescMessage): boolean;
}

export function compileAnyDecoder(context: AnyContext): MessageDecoder {
  return customDecoder((state) => {
    const { scanner, writer } = state;
    const start = scanner.pos;
    if (scanner.peek() !== 0x7b) throw scanner.fail(start, 'an object with "@type"');
    scanner.pos++;
    if (!scanner.enters(0x7d)) return;
    const members = scanner.pos;
    const typeUrl = findTypeUrl(state, start);
    state.lookedAhead(scanner.pos - start, start);
    scanner.pos = members;
    writer.tag(1, WireType.LENGTH);
    writer.string(typeUrl);
    const content = writer.pos;
    const desc = context.resolve(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    if (desc !== undefined && !context.hasCustomJson(desc)) {
      writer.tag(2, WireType.LENGTH);
      const mark = writer.begin();
      context.message(desc).readMembers(state, true);
      closeContent(state, content, mark);
      return;
    }
    if (desc === undefined && !typeUrl.includes("/")) {
      // A known type needs no slash, as with protobuf's Go; of a type that nobody knows the URL must at least look like one.
      throw scanner.refuse(start, `"@type" must be a URL such as "x/package.Type", got ${quote(typeUrl)}`);
    }
    const unknownType = `type ${quote(typeUrl)} is not in the schema`;
    const found = readValueMember(
      state,
      (keyStart) => {
        if (context.options.unknownFields === "ignore") return;
        if (desc === undefined) throw scanner.refuse(start, unknownType);
        throw scanner.refuse(keyStart, `${desc.typeName} stands under "value" in an Any`);
      },
      (valueStart) => {
        // The last "value" wins, like any other key.
        writer.pos = content;
        writer.tag(2, WireType.LENGTH);
        if (desc !== undefined) {
          const mark = writer.begin();
          context.message(desc).read(state);
          closeContent(state, content, mark);
          return;
        }
        if (scanner.bytes[valueStart] !== 0x22) throw scanner.refuse(start, unknownType);
        readText(state, "base64");
        writeBase64(state, valueStart);
      },
    );
    if (!found) {
      throw scanner.refuse(start, desc === undefined ? unknownType : 'the member "value" is missing');
    }
  });
}

/** Closes the field `value`, or takes it back where the message is empty. */
function closeContent(state: DecodeState, content: number, mark: number): void {
  if (state.writer.pos === mark + 1) state.writer.pos = content;
  else state.writer.end(mark);
}

/** Looks through the members for the last "@type". The scanner stands at the first key and moves to the end. */
function findTypeUrl(state: DecodeState, start: number): string {
  const scanner = state.scanner;
  let typeUrl: string | undefined;
  do {
    scanner.key();
    const isType = isText(state, "@type");
    scanner.colon();
    if (!isType) {
      scanner.skip();
      continue;
    }
    scanner.peek();
    readText(state, "a type URL");
    typeUrl = scanner.textString();
  } while (scanner.more(0x7d));
  if (typeUrl === undefined || typeUrl === "" || typeUrl.endsWith("/")) {
    throw scanner.refuse(start, typeUrl === undefined ? '"@type" is missing' : '"@type" names no type');
  }
  return typeUrl;
}

/**
 * Reads the members of an Any that has only "@type" and "value"; `other` is told where another key starts. False where
 * "value" is missing.
 */
function readValueMember(
  state: DecodeState,
  other: (keyStart: number) => void,
  read: (start: number) => void,
): boolean {
  const scanner = state.scanner;
  let found = false;
  do {
    scanner.peek();
    const keyStart = scanner.pos;
    scanner.key();
    const isValue = isText(state, "value");
    if (!isValue && !isText(state, "@type")) other(keyStart);
    scanner.colon();
    scanner.peek();
    if (!isValue) {
      scanner.skip();
      continue;
    }
    found = true;
    read(scanner.pos);
  } while (scanner.more(0x7d));
  return found;
}

function isText(state: DecodeState, word: string): boolean {
  const { textStart, textEnd } = state.scanner;
  return textEnd - textStart === word.length && state.scanner.textString() === word;
}

/** In quotes, shortened for an error text. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100).toWellFormed()}…` : text);
}
