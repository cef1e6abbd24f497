// Tells a client that just left from one that broke the protocol: only the second is worth a line in the log.

/** Whether the error of a socket or parser only says that the peer is gone. */
export function isDisconnect(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return (
    code === "ECONNRESET" || code === "EPIPE" || code === "HPE_INVALID_EOF_STATE" || code === "ETIMEDOUT"
  );
}
