// What the encoders of fields share: the encoders of messages, by descriptor, and how a field stands in its message.
import type { DescMessage } from "@bufbuild/protobuf";
import type { JsonOptions } from "./codec.ts";
import type { EncodeState } from "./encode-state.ts";

/** Prints one message type. */
export interface MessageEncoder {
  /** Prints the JSON value of the message between the reader's position and its end. */
  encode(state: EncodeState): void;
  /** The same without the braces, with a comma before each member; for ordinary messages only. */
  encodeMembers(state: EncodeState): void;
}

/** What compiling a field needs of its surroundings. */
export interface EncodeContext {
  readonly options: JsonOptions;
  /** The encoder of a message type; may not be compiled yet, so that types can contain themselves. */
  message(desc: DescMessage): MessageEncoder;
}

/** How a field stands in its message. */
export interface FieldPlace {
  /** What is printed before the value: comma, name and colon, or nothing. */
  readonly prefix: string;
  /** Whether the value is printed where it is the default of a field with implicit presence. */
  readonly printsDefault: boolean;
}
