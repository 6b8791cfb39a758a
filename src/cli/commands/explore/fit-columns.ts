import fastStringWidth from "fast-string-width";
import { printable } from "../../../lib/text.js";
import { styled } from "../../output.js";
import type { Column } from "../../output.js";

const GAP = 2;
/** A column is not made narrower than this. */
const MIN_WIDTH = 6;

/** Lines of a table for a width of the terminal, with whatever does not print escaped. */
export interface FittedTable {
  readonly title: string;
  readonly rows: readonly string[];
}

/** Aligns the columns of a table, and cuts the widest until a line is no wider than the terminal is. */
export function fitColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): FittedTable {
  const cells = rows.map((row) => columns.map(({ text }) => printable(text(row) ?? "")));
  const widths = narrowed(
    columns.map(({ title }, at) =>
      cells.reduce((widest, texts) => Math.max(widest, fastStringWidth(texts[at] ?? "")), title.length),
    ),
    width,
  );
  const line = (texts: readonly string[], paint: (text: string, at: number) => string): string =>
    texts
      .map((text, at) => {
        const shown = cutToWidth(text, widths[at] ?? 0);
        const padding = at === texts.length - 1 ? 0 : (widths[at] ?? 0) - fastStringWidth(shown) + GAP;
        return paint(shown, at) + " ".repeat(padding);
      })
      .join("");
  const titles = columns.map(({ title }) => title.toUpperCase());
  return {
    title: line(titles, (text) => styled("bold", text)),
    rows: rows.map((row, index) =>
      line(cells[index] ?? [], (text, at) => {
        const style = columns[at]?.style?.(row);
        return style === undefined ? text : styled(style, text);
      }),
    ),
  };
}

function narrowed(widths: readonly number[], total: number): readonly number[] {
  const narrow = [...widths];
  let over = narrow.reduce((sum, width) => sum + width, 0) + GAP * (narrow.length - 1) - total;
  for (; over > 0; over--) {
    const widest = narrow.indexOf(Math.max(...narrow));
    const width = narrow[widest] ?? 0;
    if (width <= MIN_WIDTH) break;
    narrow[widest] = width - 1;
  }
  return narrow;
}

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Cuts a text to a width in columns of the terminal, of which wide characters take two. */
export function cutToWidth(text: string, width: number): string {
  if (fastStringWidth(text) <= width) return text;
  let cut = "";
  let left = width - 1;
  for (const { segment } of characters.segment(text)) {
    left -= fastStringWidth(segment);
    if (left < 0) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Columns of the terminal, less those that are taken already. One that does not know its width has 80. */
export function columnsLeft(taken: number): number {
  const { columns } = process.stdout;
  return Math.max((columns > 0 ? columns : 80) - taken, 20);
}
