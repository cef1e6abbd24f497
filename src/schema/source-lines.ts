// Lines of a .proto file, where the compiler was told to keep them.
// Source: google/protobuf/descriptor.proto, SourceCodeInfo.Location
import type { DescFile, DescMethod } from "@bufbuild/protobuf";

/** The line, from 1, of a method's option by its field number; that of the method where the option has none. */
export type SourceLines = (method: DescMethod, option: number) => number | undefined;

/** Field numbers of FileDescriptorProto.service, ServiceDescriptorProto.method, MethodDescriptorProto.options. */
const [services, methods, options] = [6, 2, 4];

export function createSourceLines(): SourceLines {
  const files = new Map<DescFile, ReadonlyMap<string, number>>();
  return (method, option) => {
    const { file } = method.parent;
    let lines = files.get(file);
    if (lines === undefined) {
      lines = methodLines(file);
      files.set(file, lines);
    }
    const path = `${services},${file.services.indexOf(method.parent)},${methods},${method.parent.methods.indexOf(method)}`;
    return lines.get(`${path},${options},${option}`) ?? lines.get(path);
  };
}

function methodLines(file: DescFile): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const { path, span } of file.proto.sourceCodeInfo?.location ?? []) {
    const [line] = span;
    if (path[0] !== services || path.length > 6 || line === undefined) continue;
    lines.set(path.join(), line + 1);
  }
  return lines;
}
