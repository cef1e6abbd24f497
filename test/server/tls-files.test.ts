// TLS files as people replace them: written over, moved into place, swapped by symlink as Kubernetes does; and what a
// mistake in them costs, which is nothing.
import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TlsOptions } from "../../src/server/listener.ts";
import { readTlsFiles, type TlsFiles, watchTlsFiles } from "../../src/server/tls-files.ts";
import { createLog } from "../protocol/rest/rest-fixture.ts";
import { authorityCert, serverCert, serverKey } from "./certificates.ts";
import { until } from "./open-listener.ts";
import { secondAuthorityCert, secondServerCert, secondServerKey } from "./second-certificates.ts";

function createFolder(t: TestContext): { folder: string; files: TlsFiles } {
  const folder = mkdtempSync(join(tmpdir(), "protogate-tls-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writePair(folder, serverCert, serverKey);
  writeFileSync(join(folder, "ca.pem"), authorityCert);
  return { folder, files: filesIn(folder) };
}

function filesIn(folder: string): TlsFiles {
  const [certFile, keyFile, clientCaFile] = ["cert.pem", "key.pem", "ca.pem"].map((name) =>
    join(folder, name),
  );
  return {
    certFile: `${certFile}`,
    keyFile: `${keyFile}`,
    clientCaFile: `${clientCaFile}`,
    clientAuth: "require",
  };
}

function writePair(folder: string, cert: string, key: string): void {
  writeFileSync(join(folder, "key.pem"), key);
  writeFileSync(join(folder, "cert.pem"), cert);
}

async function watch(t: TestContext, files: TlsFiles) {
  const { logger, lines } = createLog();
  const seen: TlsOptions[] = [];
  const watching = watchTlsFiles(files, await readTlsFiles(files), (tls) => void seen.push(tls), logger);
  t.after(() => watching.close());
  const problems = (): string[] =>
    lines.filter(({ level }) => level === "error").map(({ fields }) => `${fields?.problem}`);
  return { ...watching, seen, problems };
}

test("files that are written over are read again", async (t) => {
  const { folder, files } = createFolder(t);
  const { seen } = await watch(t, files);
  writePair(folder, secondServerCert, secondServerKey);
  await until(() => seen.at(-1)?.cert === secondServerCert);
  assert.equal(seen.length, 1);
  writeFileSync(join(folder, "ca.pem"), secondAuthorityCert);
  await until(() => seen.at(-1)?.clientCa === secondAuthorityCert);
});

test("files that are moved into place are read again", async (t) => {
  const { folder, files } = createFolder(t);
  const { seen } = await watch(t, files);
  writeFileSync(join(folder, "cert.new"), secondServerCert);
  writeFileSync(join(folder, "key.new"), secondServerKey);
  renameSync(join(folder, "key.new"), join(folder, "key.pem"));
  renameSync(join(folder, "cert.new"), join(folder, "cert.pem"));
  await until(() => seen.at(-1)?.cert === secondServerCert);
});

test("a folder that is swapped by a symlink is read again, as a Kubernetes secret is", async (t) => {
  const { folder } = createFolder(t);
  for (const [name, cert, key] of [
    ["..one", serverCert, serverKey],
    ["..two", secondServerCert, secondServerKey],
  ] as const) {
    mkdirSync(join(folder, name));
    writePair(join(folder, name), cert, key);
    copyFileSync(join(folder, "ca.pem"), join(folder, name, "ca.pem"));
  }
  symlinkSync("..one", join(folder, "..data"));
  mkdirSync(join(folder, "mount"));
  symlinkSync("../..one", join(folder, "mount/..data"));
  for (const name of ["cert.pem", "key.pem", "ca.pem"])
    symlinkSync(`..data/${name}`, join(folder, "mount", name));
  const { seen } = await watch(t, filesIn(join(folder, "mount")));
  symlinkSync("../..two", join(folder, "mount/..new"));
  renameSync(join(folder, "mount/..new"), join(folder, "mount/..data"));
  await until(() => seen.at(-1)?.cert === secondServerCert);
});

const mistakes: readonly [reason: string, spoil: (folder: string) => void, problem: RegExp][] = [
  [
    "a certificate that is none",
    (folder) => writeFileSync(join(folder, "cert.pem"), "no"),
    /cert\.pem: expected a certificate in PEM/,
  ],
  [
    "an empty key",
    (folder) => writeFileSync(join(folder, "key.pem"), ""),
    /key\.pem: expected a private key in PEM/,
  ],
  [
    "another certificate's key",
    (folder) => writeFileSync(join(folder, "key.pem"), secondServerKey),
    /key\.pem: expected the private key of the certificate in .*cert\.pem, got another one's/,
  ],
  ["authorities that are gone", (folder) => rmSync(join(folder, "ca.pem")), /ENOENT.*ca\.pem/],
];
for (const [reason, spoil, problem] of mistakes) {
  test(`${reason}: told once with its file, the old files stay in use, and good ones are taken again`, async (t) => {
    const { folder, files } = createFolder(t);
    const { seen, problems, refresh } = await watch(t, files);
    spoil(folder);
    await until(() => problems().some((told) => problem.test(told)));
    refresh();
    refresh();
    assert.equal(seen.length, 0);
    writeFileSync(join(folder, "ca.pem"), secondAuthorityCert);
    writePair(folder, secondServerCert, secondServerKey);
    await until(() => seen.at(-1)?.cert === secondServerCert);
    assert.equal(new Set(problems()).size, problems().length, "no problem is told twice in a row");
  });
}

test("what says the same as before is no change", async (t) => {
  const { folder, files } = createFolder(t);
  const { seen, problems, refresh } = await watch(t, files);
  writePair(folder, serverCert, serverKey);
  refresh();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(seen, []);
  assert.deepEqual(problems(), []);
});

test("a change that the listener cannot use is told like a bad file", async (t) => {
  const { folder, files } = createFolder(t);
  const { logger, lines } = createLog();
  const refuse = (): void => {
    throw new Error("unusable");
  };
  const watching = watchTlsFiles(files, await readTlsFiles(files), refuse, logger);
  t.after(() => watching.close());
  writePair(folder, secondServerCert, secondServerKey);
  await until(() => lines.some(({ fields }) => fields?.problem === "unusable"));
});
