// Lines of a .proto file, where the compiler was told to keep them.
// Source: google/protobuf/descriptor.proto, SourceCodeInfo.Location
import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";

type Optioned = DescMethod | DescService;

/** The line, from 1, of an option by its field number; that of the method or service where the option has none. */
export type SourceLines = (owner: Optioned, option: number) => number | undefined;

/** Field numbers of FileDescriptorProto.service, ServiceDescriptorProto.method, and `options` of both. */
const [services, methods, methodOptions, serviceOptions] = [6, 2, 4, 3];

export function createSourceLines(): SourceLines {
  const files = new Map<
    DescFile,
    { paths: ReadonlyMap<Optioned, string>; lines: ReadonlyMap<string, number> }
  >();
  return (owner, option) => {
    const file = owner.kind === "rpc" ? owner.parent.file : owner.file;
    let known = files.get(file);
    if (known === undefined) {
      known = { paths: pathsOf(file), lines: linesOf(file) };
      files.set(file, known);
    }
    const path = known.paths.get(owner);
    const options = owner.kind === "rpc" ? methodOptions : serviceOptions;
    return known.lines.get(`${path},${options},${option}`) ?? known.lines.get(`${path}`);
  };
}

function pathsOf(file: DescFile): ReadonlyMap<Optioned, string> {
  const paths = new Map<Optioned, string>();
  file.services.forEach((service, i) => {
    paths.set(service, `${services},${i}`);
    service.methods.forEach((method, j) => {
      paths.set(method, `${services},${i},${methods},${j}`);
    });
  });
  return paths;
}

function linesOf(file: DescFile): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const { path, span } of file.proto.sourceCodeInfo?.location ?? []) {
    const [line] = span;
    if (path[0] !== services || path.length > 6 || line === undefined) continue;
    lines.set(path.join(), line + 1);
  }
  return lines;
}
