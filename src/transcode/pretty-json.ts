// Compact JSON text as indented lines, without parsing it: digits and escapes stay as the codec wrote them.

const indent = "  ";

/** @param json compact and valid, as a codec prints it */
export function prettyJson(json: string): string {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  /** Ends a line behind `end`; what comes begins at the current depth. */
  const breakLine = (end: number): void => {
    pieces.push(json.slice(start, end), "\n", indent.repeat(depth));
    start = end;
  };
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 0x22: // "
        at = stringEnd(json, at);
        break;
      case 0x7b: // {
      case 0x5b: // [
        if (json.charCodeAt(at + 1) === json.charCodeAt(at) + 2) {
          at += 1;
        } else {
          depth += 1;
          breakLine(at + 1);
        }
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1;
        breakLine(at);
        break;
      case 0x2c: // ,
        breakLine(at + 1);
        break;
      case 0x3a: // :
        pieces.push(json.slice(start, at + 1), " ");
        start = at + 1;
    }
  }
  pieces.push(json.slice(start));
  return pieces.join("");
}

/** Where the string that begins at `at` has its last quote. */
function stringEnd(json: string, at: number): number {
  for (let end = at + 1; end < json.length; end++) {
    const code = json.charCodeAt(end);
    if (code === 0x22) return end;
    if (code === 0x5c) end += 1;
  }
  return json.length;
}
