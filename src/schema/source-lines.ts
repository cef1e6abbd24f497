// Lines of a .proto file, where the compiler was told to keep them.
// Source: google/protobuf/descriptor.proto, SourceCodeInfo.Location
import type { DescFile, DescMethod } from "@bufbuild/protobuf";

/** The line, from 1, of a method's option by its field number; that of the method where the option has none. */
export type SourceLines = (method: DescMethod, option: number) => number | undefined;

/** Field numbers of FileDescriptorProto.service, ServiceDescriptorProto.method, MethodDescriptorProto.options. */
const [services, methods, options] = [6, 2, 4];

export function createSourceLines(): SourceLines {
  const files = new Map<
    DescFile,
    { paths: ReadonlyMap<DescMethod, string>; lines: ReadonlyMap<string, number> }
  >();
  return (method, option) => {
    const { file } = method.parent;
    let known = files.get(file);
    if (known === undefined) {
      known = { paths: methodPaths(file), lines: methodLines(file) };
      files.set(file, known);
    }
    const path = known.paths.get(method);
    return known.lines.get(`${path},${options},${option}`) ?? known.lines.get(`${path}`);
  };
}

function methodPaths(file: DescFile): ReadonlyMap<DescMethod, string> {
  const paths = new Map<DescMethod, string>();
  file.services.forEach((service, i) => {
    service.methods.forEach((method, j) => {
      paths.set(method, `${services},${i},${methods},${j}`);
    });
  });
  return paths;
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
