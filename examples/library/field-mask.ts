// Applies field masks: for updates, and for reading only some fields.
// Source: google/protobuf/field_mask.proto; AIP-134 and AIP-157.
import { create, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { invalidArgument } from "./status-error.ts";

/** A mask repeats no field of ours this often. */
const maxPaths = 100;

/**
 * Copies what `paths` name from `source` into `target`; what is unset there becomes unset here. `*` names every field.
 * @throws StatusError INVALID_ARGUMENT naming `field` for a path that leads nowhere
 */
export function copyFields<T extends DescMessage>(
  schema: T,
  source: MessageShape<T>,
  target: MessageShape<T>,
  paths: readonly string[],
  field: string,
): void {
  if (paths.length > maxPaths) {
    throw invalidArgument({ field, description: `must have at most ${maxPaths} paths` });
  }
  const all = paths.includes("*") ? schema.fields.map(({ name }) => name) : paths;
  for (const path of all) {
    const from = reflect(schema, source, false);
    const to = reflect(schema, target, false);
    if (!copyPath(from, to, path.split("."))) {
      const description = `${schema.typeName} has no field ${JSON.stringify(path.slice(0, 100))}`;
      throw invalidArgument({ field, description });
    }
  }
}

/** A message with only the fields that `paths` name; all of them where there are none. */
export function selectFields<T extends DescMessage>(
  schema: T,
  message: MessageShape<T>,
  paths: readonly string[],
  field: string,
): MessageShape<T> {
  if (paths.length === 0) return message;
  const selected = create(schema);
  copyFields(schema, message, selected, paths, field);
  return selected;
}

/** The fields that are set in a message, as paths. */
export function setFields<T extends DescMessage>(schema: T, message: MessageShape<T>): string[] {
  const reflected = reflect(schema, message);
  return schema.fields.filter((field) => reflected.isSet(field)).map(({ name }) => name);
}

function copyPath(from: ReflectMessage, to: ReflectMessage, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  const field = from.desc.fields.find((candidate) => candidate.name === name);
  if (field === undefined) return false;
  if (rest.length > 0) return copyInto(from, to, field, rest);
  if (from.isSet(field)) to.set(field, from.get(field));
  else to.clear(field);
  return true;
}

function copyInto(
  from: ReflectMessage,
  to: ReflectMessage,
  field: DescField,
  rest: readonly string[],
): boolean {
  if (field.fieldKind !== "message" || field.message.typeName.startsWith("google.protobuf.")) return false;
  // The target's own part is copied first: messages in the store are shared and never changed.
  const part = reflect(field.message, create(field.message));
  const old = to.get(field);
  for (const each of field.message.fields) {
    if (to.isSet(field) && old.isSet(each)) part.set(each, old.get(each));
  }
  if (!copyPath(from.get(field), part, rest)) return false;
  to.set(field, part);
  return true;
}
