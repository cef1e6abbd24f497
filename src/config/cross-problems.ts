// What is wrong with a configuration although each value is right: one name twice, half a key pair, an upstream without
// any schema, a file that is not there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatSize } from "../gateway/flow-text.ts";
import type { Problem } from "../schema/problem.ts";
import type { CorsOptions } from "../server/cors.ts";
import type { Config, SchemaConfig, UpstreamConfig } from "./config.ts";
import type { LayerReading } from "./config-layer.ts";
import { whyUnreadable } from "./file-problem.ts";
import { formatListen } from "./listen-text.ts";
import { isUrl } from "./rebase-paths.ts";

type Path = readonly PropertyKey[];

/** @param configFile the path of the config file, where there is one */
export function crossProblems(
  config: Config,
  reading: LayerReading,
  configFile: string | undefined,
): Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, message: string): void => {
    problems.push({ place: reading.placeOf(path), message });
  };

  checkAddresses(config, report);
  checkUpstreams(config, report);
  if (config.upstreams.length === 0) {
    if (configFile !== undefined) {
      problems.push({
        place: configFile,
        message: "no upstreams, here or as an argument; expected `upstreams: [host:port]`",
      });
    } else if (config.schema.descriptorSets.length + config.schema.protos.length > 0) {
      report(
        [...["schema"], config.schema.descriptorSets.length > 0 ? "descriptorSets" : "protos"],
        "a schema without an upstream that serves it; expected an argument such as `localhost:50051`",
      );
    }
  }
  if (config.tls !== undefined) {
    if (config.tls.certFile === "")
      report(["tls"], "a private key or a client CA without a certificate (`--tls-cert`, `tls.certFile`)");
    else if (config.tls.keyFile === "")
      report(["tls"], "a certificate without its private key (`--tls-key`, `tls.keyFile`)");
    for (const key of ["certFile", "keyFile", "clientCaFile"] as const) {
      const file = config.tls[key] ?? "";
      if (file !== "") checkFile(["tls", key], file, report);
    }
    if (config.tls.clientAuth === "optional" && config.tls.clientCaFile === undefined)
      report(["tls", "clientAuth"], "clients are asked for a certificate only where `clientCaFile` is given");
  }
  if (config.cors !== undefined) checkCors(config.cors, report);
  checkAccess(config, report);
  checkMethods(config, reading, report);
  checkSchema(["schema"], config.schema, report);
  config.schema.serviceConfigs.forEach((file, i) => {
    checkFile(["schema", "serviceConfigs", i], file, report);
  });
  return problems;
}

type Report = (path: Path, message: string) => void;

function checkAddresses(config: Config, report: Report): void {
  const taken = new Set<string>();
  config.listen.forEach((address, i) => {
    const text = formatListen(address);
    if (address.port !== 0 && taken.has(text)) report(["listen", i], `${text} is there twice`);
    taken.add(text);
  });
  if (config.admin.kind === "listener" && config.admin.port !== 0) {
    const text = formatListen(config.admin);
    if (taken.has(text)) report(["admin"], `${text} is taken by the main listener; expected another address`);
  }
}

function checkCors({ origins, credentials }: CorsOptions, report: Report): void {
  if (origins.length === 0)
    report(["cors"], "`origins` is missing; expected `origins: [https://app.example.com]`");
  const any = origins.indexOf("*");
  if (any !== -1 && credentials) {
    report(
      ["cors", "origins", any],
      "every origin (`*`) with `credentials` would let any page act in its visitor's name; expected the origins by name",
    );
  }
}

function checkAccess({ auth, store }: Config, report: Report): void {
  const { jwt, apiKeysFile, required } = auth;
  if (jwt !== undefined && !isUrl(jwt.jwks)) checkFile(["auth", "jwt", "jwks"], jwt.jwks, report);
  if (apiKeysFile !== undefined) checkFile(["auth", "apiKeys"], apiKeysFile, report);
  if (required && jwt === undefined && apiKeysFile === undefined) {
    report(
      ["auth", "default"],
      "a principal is required, but nobody can be known: neither `jwt` nor `apiKeys` is given",
    );
  }
  if (store !== undefined && store.redis.length === 0)
    report(["store"], "`redis` is missing; expected `redis: redis://host:6379` or `--redis`");
}

function checkMethods(config: Config, { layer }: LayerReading, report: Report): void {
  for (const [i, { maxRequestBytes }] of (layer.methods ?? []).entries()) {
    if (typeof maxRequestBytes !== "number" || maxRequestBytes <= config.maxRequestBytes) continue;
    const most = formatSize(config.maxRequestBytes);
    report(
      ["methods", i, "maxRequestBytes"],
      `${formatSize(maxRequestBytes)} is more than the gateway's own limit of ${most} (\`maxRequestBytes\` at the top)`,
    );
  }
}

function checkUpstreams(config: Config, report: Report): void {
  const names = new Set<string>();
  config.upstreams.forEach((upstream, i) => {
    const at = (...path: Path): Path => ["upstreams", i, ...path];
    if (names.has(upstream.name)) {
      report(
        at("name"),
        `two upstreams are named \`${upstream.name}\`; expected a name of its own (\`name=host:port\`)`,
      );
    }
    names.add(upstream.name);
    checkTls(upstream, at, report);
    checkSchema(at("schema"), upstream.schema, report);
    const { descriptorSets, protos } = upstream.schema;
    const known =
      descriptorSets.length +
      protos.length +
      config.schema.descriptorSets.length +
      config.schema.protos.length;
    if (!upstream.reflection && known === 0) {
      report(
        at("reflection"),
        `no schema for \`${upstream.name}\`: reflection is off, and there is no descriptor set and no .proto file`,
      );
    }
  });
}

function checkTls(upstream: UpstreamConfig, at: (...path: Path) => Path, report: Report): void {
  const { tls, target, targets } = upstream;
  const other = targets.findIndex((each) => each.tls !== target.tls);
  if (other !== -1) {
    report(
      at("target", other),
      "targets with TLS and without; expected all of one upstream to be `https://…`, or none",
    );
  }
  if (!target.tls && Object.keys(tls).length > 0) {
    report(at("tls"), "the target is cleartext; expected `https://host:port` where `tls` is given");
  }
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    report(at("tls"), "`certFile` and `keyFile` go together; one of them is missing");
  }
  for (const key of ["caFile", "certFile", "keyFile"] as const) {
    const file = tls[key];
    if (file !== undefined) checkFile(at("tls", key), file, report);
  }
}

function checkSchema(at: Path, schema: SchemaConfig, report: Report): void {
  schema.descriptorSets.forEach((file, i) => {
    checkFile([...at, "descriptorSets", i], file, report);
  });
  schema.protoPaths.forEach((folder, i) => {
    const why = whyUnreadable(folder, "folder");
    if (why !== undefined) report([...at, "protoPaths", i], `${folder}: ${why}`);
  });
  schema.protos.forEach((file, i) => {
    // It may be an import path, to be found under one of the folders, as protoc reads it.
    if (schema.protoPaths.some((folder) => existsSync(join(folder, file)))) return;
    checkFile([...at, "protos", i], file, report);
  });
}

function checkFile(at: Path, file: string, report: Report): void {
  const why = whyUnreadable(file, "file");
  if (why !== undefined) report(at, `${file}: ${why}`);
}
