// The two streams that commands write to; everything the program says goes through here, so that a command can be run
// without a process around it. A reader that goes away (`protogate routes | head`) is not an error.

export interface Terminal {
  /** Writes lines to stdout; a line break is added. */
  print(text: string): void;
  /** Writes lines to stderr; a line break is added. */
  complain(text: string): void;
  /** Resolves when what was written is out, or can never be. */
  flush(): Promise<void>;
}

export function createTerminal(
  stdout: NodeJS.WritableStream = process.stdout,
  stderr: NodeJS.WritableStream = process.stderr,
): Terminal {
  const out = createWriter(stdout);
  const err = createWriter(stderr);
  return {
    print: (text) => out.write(`${text}\n`),
    complain: (text) => err.write(`${text}\n`),
    flush: async () => {
      await Promise.all([out.flush(), err.flush()]);
    },
  };
}

function createWriter(stream: NodeJS.WritableStream) {
  let gone = false;
  // EPIPE and whatever else a closed terminal gives: there is nobody to tell.
  stream.on("error", () => {
    gone = true;
  });
  return {
    write(text: string): void {
      if (!gone) stream.write(text);
    },
    flush(): Promise<void> {
      return new Promise((resolve) => {
        if (gone) return resolve();
        stream.once("error", () => resolve());
        stream.write("", () => resolve());
      });
    },
  };
}
