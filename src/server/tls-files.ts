// Certificate, key and client authorities from files: read, checked so that a mistake names its file, and read again
// when they change. What is wrong with new files leaves the old ones in use.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../rpc/logger.ts";
import { createFolderWatch } from "../schema/watch-folders.ts";
import type { TlsOptions } from "./listener.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities of client certificates; absent = clients are not asked for any. */
  readonly clientCaFile?: string;
  /** Whether a client without a certificate gets in. Means nothing without `clientCaFile`. */
  readonly clientAuth: "require" | "optional";
}

/** @throws Error naming the file that is not what it should be: OpenSSL's own text names none */
export async function readTlsFiles(files: TlsFiles): Promise<TlsOptions> {
  const { certFile, keyFile, clientCaFile, clientAuth } = files;
  const [cert, key, clientCa] = await Promise.all([
    readPem(certFile, "a certificate", isCertificate),
    readPem(keyFile, "a private key", createPrivateKey),
    clientCaFile === undefined ? undefined : readPem(clientCaFile, "certificates", isCertificate),
  ]);
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw invalid(keyFile, `expected the private key of the certificate in ${certFile}, got another one's`);
  }
  return { cert, key, ...(clientCa !== undefined && { clientCa, clientAuth }) };
}

const isCertificate = (pem: string): unknown => new X509Certificate(pem);

async function readPem(file: string, what: string, check: (pem: string) => unknown): Promise<string> {
  const pem = await readFile(file, "utf8");
  try {
    check(pem);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(file, `expected ${what} in PEM, ${reason}`, cause);
  }
  return pem;
}

/** With a code it counts as somebody's mistake, which is told in a line, and not as ours, which has a stack. */
function invalid(file: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(`${file}: ${message}`, { cause }), { code: "INVALID_PEM" });
}

export interface TlsFileWatch {
  /** Looks at the files now. */
  refresh(): void;
  close(): void;
}

/** For file systems that tell nobody: certificates are renewed days ahead, so a minute is soon. */
const checkMs = 60_000;

/**
 * Follows the files' folders, which also sees editors, `mv` and Kubernetes' swapped symlinks.
 * @param current what is in use
 * @param onChange told of files that are good and say something else; what it throws is logged like a bad file
 */
export function watchTlsFiles(
  files: TlsFiles,
  current: TlsOptions,
  onChange: (tls: TlsOptions) => void,
  logger: Logger,
): TlsFileWatch {
  let inUse = current;
  let lastProblem = "";
  let running = false;
  let again = false;
  let closed = false;

  const check = async (): Promise<void> => {
    try {
      const tls = await readTlsFiles(files);
      if (closed) return;
      lastProblem = "";
      if (isDeepStrictEqual(tls, inUse)) return;
      onChange(tls);
      inUse = tls;
      const { subject, validTo } = new X509Certificate(tls.cert);
      logger.info("TLS files read again", { certFile: files.certFile, subject, validTo });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      // The regular check would say it once a minute.
      if (closed || problem === lastProblem) return;
      lastProblem = problem;
      logger.error("TLS files refused, the old ones stay in use", { problem });
    }
  };
  const refresh = (): void => {
    again = true;
    if (running) return;
    running = true;
    void (async () => {
      while (again && !closed) {
        again = false;
        // Before reading, so that what changes meanwhile is seen; anew each time, as folders are replaced too.
        watch.follow(paths);
        await check();
      }
      running = false;
    })();
  };
  const paths = [
    files.certFile,
    files.keyFile,
    ...(files.clientCaFile === undefined ? [] : [files.clientCaFile]),
  ];
  const watch = createFolderWatch(refresh);
  const timer = setInterval(refresh, checkMs).unref();
  watch.follow(paths);
  return {
    refresh,
    close() {
      closed = true;
      clearInterval(timer);
      watch.close();
    },
  };
}
