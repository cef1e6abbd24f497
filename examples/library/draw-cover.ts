// Draws a cover for a book that has none: title and author on a colour of its own, as SVG.
import type { Book } from "./gen/library_pb.ts";

const lineLength = 16;
const maxLines = 9;

/** The same book has the same cover each time. Titles are data: they are escaped. */
export function drawCover(book: Book): string {
  const hue = ((book.fingerprint[0] ?? 0) * 360) / 256;
  const lines = wrap(book.title).map(
    (line, index) => `<text x="150" y="${110 + index * 32}" font-size="26">${escapeXml(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 420" width="300" height="420">
<rect width="300" height="420" rx="6" fill="hsl(${hue.toFixed(0)} 45% 30%)"/>
<rect x="18" y="18" width="264" height="384" fill="none" stroke="#e8d9a8" stroke-width="2"/>
<g fill="#f4ecd0" font-family="Georgia, serif" text-anchor="middle">
${lines.join("\n")}
<text x="150" y="380" font-size="16">${escapeXml(book.author.slice(0, 32))}</text>
</g>
</svg>
`;
}

function wrap(title: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of title.split(/\s+/)) {
    if (line !== "" && line.length + word.length >= lineLength) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word.slice(0, lineLength + 4) : `${line} ${word}`;
  }
  return [...lines, line].slice(0, maxLines);
}

function escapeXml(text: string): string {
  // Control characters are no XML even when escaped.
  return [...text]
    .filter((char) => char >= " ")
    .map((char) => (/[<>&"']/.test(char) ? `&#${char.codePointAt(0)};` : char))
    .join("");
}
