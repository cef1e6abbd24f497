// google.protobuf.FieldMask as text: `user.displayName,photo`. Source: google/protobuf/field_mask.proto, "JSON Encoding
// of Field Masks": lowerCamelCase in JSON, snake_case in the message; a path that does not survive the way back is refused.

const jsonPath = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*$/;
const protoPath = /^[a-z0-9_.]*$/;

/** Parses the JSON text to paths as in the .proto; undefined where a path is not lowerCamelCase. */
export function parseFieldMask(text: string): string[] | undefined {
  if (text === "") return [];
  const paths = text.split(",");
  if (!paths.every((path) => jsonPath.test(path))) return undefined;
  return paths.map((path) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** Formats paths as in the .proto to JSON text; undefined where one would not be read back as it is. */
export function formatFieldMask(paths: readonly string[]): string | undefined {
  const printed = paths.map(formatPath);
  return printed.includes(undefined) ? undefined : printed.join(",");
}

function formatPath(path: string): string | undefined {
  // `a__b`, `a_1` and `a_` would lose an underscore, capitals and commas would be read as something else.
  if (!protoPath.test(path) || /_(?![a-z])/.test(path)) return undefined;
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
