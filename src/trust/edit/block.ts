import { columnOf, lineEnd } from "./lines.js";
import type { EntryMembers, MemberValue } from "./new-entry.js";
import { isTexts, renderInline, renderName, renderText } from "./style.js";
import type { Style } from "./style.js";

/** Characters of a list that is still written on one line. */
const MAX_INLINE = 100;

/** Writes an entry as lines, the first without its indentation. @param column - Of its fields. */
export function renderBlockEntry(members: EntryMembers, style: Style, column: number): string {
  const lineBreak = `${style.lineBreak}${" ".repeat(column)}`;
  return members
    .map(([name, value]) => `${renderName(name, style)}:${renderBlockValue(name, value, style, lineBreak)}`)
    .join(lineBreak);
}

function renderBlockValue(name: string, value: MemberValue, style: Style, lineBreak: string): string {
  const inline = renderInline(name, value, style);
  if (!isTexts(value) || inline.length <= MAX_INLINE) return ` ${inline}`;
  return value.map((text) => `${lineBreak}  - ${renderText(name, text, style.quoteOf(name))}`).join("");
}

/**
 * Where a line can be put in after a value: before the line break of the value's last line. A block scalar ends behind that.
 *
 * @param end - Where the value ends.
 */
export function endOfLineAfter(text: string, end: number): number {
  if (text[end - 1] !== "\n") return lineEnd(text, end);
  return text[end - 2] === "\r" ? end - 2 : end - 1;
}

/**
 * Where a line can be put in after the comments that follow a value and are indented by more than a column: they belong to
 * what the value is part of, and those further out to what comes next.
 */
export function endOfComments(text: string, end: number, column: number): number {
  let last = endOfLineAfter(text, end);
  for (let at = nextLine(text, last); at < text.length; at = nextLine(text, lineEnd(text, at))) {
    const line = text.slice(at, lineEnd(text, at));
    const content = line.trimStart();
    if (content === "") continue;
    if (!content.startsWith("#") || line.length - content.length <= column) break;
    last = lineEnd(text, at);
  }
  return last;
}

function nextLine(text: string, endOfLine: number): number {
  const newline = text.indexOf("\n", endOfLine);
  return newline < 0 ? text.length : newline + 1;
}

/** Where the items of a list stand: the column of the dash, and how far behind it an item begins. */
export interface Dash {
  readonly column: number;
  readonly gap: string;
}

/** @param start - Where a list begins, and `item` where its last item does. */
export function dashOf(text: string, start: number, item: number): Dash {
  const column = columnOf(text, start);
  const before = text.slice(0, item);
  const width = /- +$/.exec(before)?.[0].length ?? 0;
  const isBehind = width > 0 && columnOf(text, item) === column + width;
  return { column, gap: isBehind ? " ".repeat(width - 1) : " " };
}
