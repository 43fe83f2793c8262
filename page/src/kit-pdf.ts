/**
 * A PDF of one page of text, made in the browser: PDF 1.4 with the fonts every viewer has, nothing compressed. Letters
 * outside Latin-1 become a question mark, for these fonts have no others.
 */
import { type Bytes, concat } from "./sealing/bytes";

export interface Paragraph {
  readonly text: string;
  /** `code`: in fixed width, for typing off. */
  readonly style: "title" | "heading" | "text" | "code";
}

const PAGE = { width: 595, height: 842, margin: 60 }; // A4 in points
const STYLES = {
  title: { font: "F2", size: 20, after: 14, columns: 42 },
  heading: { font: "F2", size: 12, after: 5, columns: 76 },
  text: { font: "F1", size: 11, after: 9, columns: 88 },
  code: { font: "F3", size: 13, after: 12, columns: 60 },
} as const;

/** The file's bytes. */
export function kitPdf(title: string, paragraphs: readonly Paragraph[]): Bytes {
  const content = latin1(lines(paragraphs));
  const objects = [
    latin1("<< /Type /Catalog /Pages 2 0 R >>"),
    latin1("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
    latin1(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents 4 0 R ` +
        "/Resources << /Font << /F1 5 0 R /F2 6 0 R /F3 7 0 R >> >> >>",
    ),
    concat(latin1(`<< /Length ${content.length} >>\nstream\n`), content, latin1("\nendstream")),
    ...["Helvetica", "Helvetica-Bold", "Courier-Bold"].map((name) =>
      latin1(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`),
    ),
    latin1(`<< /Title ${literal(title)} >>`),
  ];
  const parts: Bytes[] = [latin1("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")];
  const places: number[] = [];
  let at = parts[0]!.length;
  objects.forEach((object, index) => {
    const whole = concat(latin1(`${index + 1} 0 obj\n`), object, latin1("\nendobj\n"));
    places.push(at);
    parts.push(whole);
    at += whole.length;
  });
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${at}\n%%EOF\n`;
  parts.push(latin1(`xref\n0 ${size}\n0000000000 65535 f \n${table}${trailer}`));
  return concat(...parts);
}

function lines(paragraphs: readonly Paragraph[]): string {
  let y = PAGE.height - PAGE.margin;
  const drawn: string[] = [];
  for (const { text, style } of paragraphs) {
    const { font, size, after, columns } = STYLES[style];
    for (const line of wrapped(text, columns)) {
      y -= size * 1.35;
      drawn.push(`BT /${font} ${size} Tf ${PAGE.margin} ${y.toFixed(1)} Td ${literal(line)} Tj ET`);
    }
    y -= after;
  }
  return drawn.join("\n");
}

/** Lines of at most so many characters, cut at blanks. */
function wrapped(text: string, columns: number): string[] {
  const found: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > columns) {
        found.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    found.push(line);
  }
  return found;
}

const literal = (text: string): string => `(${text.replace(/[\\()]/g, "\\$&").replace(/[\r\n]/g, " ")})`;

const latin1 = (text: string): Bytes =>
  Uint8Array.from(text, (character) => {
    const code = character.codePointAt(0)!;
    return code > 255 || (code > 126 && code < 160) ? 63 : code;
  });
