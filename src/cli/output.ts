import { styleText } from "node:util";
import fastStringWidth from "fast-string-width";
import { printable, printableLines } from "../lib/text.js";

export type Style = Parameters<typeof styleText>[0];

/** Writes a line for whoever reads the result. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes one JSON value for a machine. */
export function printJson(value: unknown): void {
  print(safeJson(value));
}

/** The same value as JSON text, with everything escaped that JSON may leave as it is and a terminal would obey. */
export function safeJson(value: unknown): string {
  return printableLines(JSON.stringify(value, undefined, 2));
}

/** Writes a line that is about the result, and no part of it. What does not print is escaped. */
export function note(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

/** Colours a text where the stream is a terminal that has colours, and nobody said that they are not wanted. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return hasColours(stream) ? styleText(style, text) : text;
}

/** A column of a table: its title, and what is in it for a row. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string | undefined;
  readonly style?: (row: Row) => Style | undefined;
}

/** Writes a table: as wide as what is in it, with whatever does not print escaped. */
export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const cells = rows.map((row) => columns.map((column) => printable(column.text(row) ?? "")));
  // One after another: so many rows as a log has do not fit into the arguments of one call.
  const widths = columns.map(({ title }, at) =>
    cells.reduce((width, line) => Math.max(width, fastStringWidth(line[at] ?? "")), title.length),
  );
  const line = (texts: readonly string[], paint: (text: string, at: number) => string): string =>
    texts
      .map((text, at) => {
        const isLast = at === texts.length - 1;
        const padding = " ".repeat(isLast ? 0 : (widths[at] ?? 0) - fastStringWidth(text) + 2);
        return paint(text, at) + padding;
      })
      .join("")
      .trimEnd();
  print(
    line(
      columns.map(({ title }) => title.toUpperCase()),
      (text) => styled("bold", text),
    ),
  );
  for (const [index, texts] of cells.entries()) {
    const row = rows[index];
    print(
      line(texts, (text, at) => {
        const style = row === undefined ? undefined : columns[at]?.style?.(row);
        return style === undefined ? text : styled(style, text);
      }),
    );
  }
}

/** `1 record`, `2 records`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function hasColours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: unwanted, TERM: terminal } = process.env;
  return stream.isTTY && stream.hasColors() && (unwanted ?? "") === "" && terminal !== "dumb";
}
