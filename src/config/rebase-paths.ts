// Paths in a config file are relative to that file, not to the folder a process happens to start in.
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { SchemaConfig } from "./config.ts";
import type { ConfigLayer } from "./config-layer.ts";

type SchemaPaths = { readonly [K in keyof SchemaConfig]?: SchemaConfig[K] | undefined } & {
  readonly serviceConfigs?: readonly string[] | undefined;
};

/** The layer with every path in it joined to `folder`, the folder of the config file. */
export function rebasePaths(layer: ConfigLayer, folder: string): ConfigLayer {
  const rebase = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const optional = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : rebase(path);
  const rebaseFile = (place: string): string => (isUrl(place) ? place : rebase(place));

  const schema = <T extends SchemaPaths>(paths: T | undefined): T | undefined => {
    if (paths === undefined) return undefined;
    return {
      ...paths,
      descriptorSets: paths.descriptorSets?.map(rebase),
      protoPaths: paths.protoPaths?.map(rebase),
      serviceConfigs: paths.serviceConfigs?.map(rebase),
      // A .proto may be given as import paths give it, to be found under one of `protoPaths`.
      protos: paths.protos?.map((path) => {
        const rebased = rebase(path);
        return (paths.protoPaths ?? []).length === 0 || existsSync(rebased) ? rebased : path;
      }),
    };
  };

  return {
    ...layer,
    schema: schema(layer.schema),
    tls: layer.tls && {
      ...layer.tls,
      certFile: optional(layer.tls.certFile),
      keyFile: optional(layer.tls.keyFile),
      clientCaFile: optional(layer.tls.clientCaFile),
    },
    auth: layer.auth && {
      ...layer.auth,
      apiKeys: optional(layer.auth.apiKeys),
      jwt: layer.auth.jwt && { ...layer.auth.jwt, jwks: rebaseFile(layer.auth.jwt.jwks) },
    },
    upstreams: layer.upstreams?.map((upstream) => ({
      ...upstream,
      schema: schema(upstream.schema),
      tls: upstream.tls && {
        ...upstream.tls,
        caFile: optional(upstream.tls.caFile),
        certFile: optional(upstream.tls.certFile),
        keyFile: optional(upstream.tls.keyFile),
      },
    })),
  };
}

/** Where something may be a file or be fetched. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place);
}
