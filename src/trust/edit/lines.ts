/** Where lines of a text begin and end. Offsets are in UTF-16 code units. */

export function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line break of a line is, or the text's end. */
export function lineEnd(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  if (newline < 0) return text.length;
  return newline > at && text[newline - 1] === "\r" ? newline - 1 : newline;
}

/** Characters before `at` in its line. */
export function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

/** The white space that a line begins with. */
export function indentOf(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? "";
}

/** Tells whether only white space stands before `at` in its line. */
export function isFirstOnLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === "";
}

/** The line break that a text has, judged by its first. */
export function lineBreakOf(text: string): string {
  const newline = text.indexOf("\n");
  return newline > 0 && text[newline - 1] === "\r" ? "\r\n" : "\n";
}

export function hasBlankLine(text: string): boolean {
  return /\n[ \t]*\r?\n/.test(text);
}
