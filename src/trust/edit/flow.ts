import type { YAMLMap, YAMLSeq } from "yaml";

import { indentOf, isFirstOnLine, lineEnd } from "./lines.js";
import type { EntryMembers } from "./new-entry.js";
import type { Patch } from "./patches.js";
import { renderInline, renderName } from "./style.js";
import type { Style } from "./style.js";

/** How a map in braces is laid out. */
export interface FlowShape {
  /** Each member on a line of its own. */
  readonly multiLine: boolean;
  /** What members are indented by, more than the map. */
  readonly unit: string;
  /** What stands inside the braces, on one line. */
  readonly padding: string;
}

export function shapeOf(text: string, map: YAMLMap.Parsed): FlowShape {
  const [start, end] = map.range;
  const first = map.items[0]?.key.range[0] ?? start + 1;
  const before = text.slice(start + 1, first);
  const [outer, inner] = [indentOf(text, end - 1), indentOf(text, first)];
  return {
    multiLine: before.includes("\n"),
    unit: inner.startsWith(outer) && inner !== outer ? inner.slice(outer.length) : "  ",
    padding: /^ *$/.test(before) ? before : " ",
  };
}

/** Writes an entry in braces. @param indent - Of the line that its last brace is to stand in. */
export function renderFlowEntry(
  members: EntryMembers,
  shape: FlowShape,
  style: Style,
  indent: string,
): string {
  const { lineBreak } = style;
  const inner = `${lineBreak}${indent}${shape.unit}`;
  const isExpanded = shape.multiLine && !style.inline;
  const fields = members.map(([name, value]) => {
    const isNested = isExpanded && typeof value !== "string";
    const written = isNested
      ? JSON.stringify(value, null, shape.unit).replaceAll("\n", inner)
      : renderInline(name, value, style);
    return `${renderName(name, style)}${style.colon}${written}`;
  });
  if (shape.multiLine) return `{${inner}${fields.join(`,${inner}`)}${lineBreak}${indent}}`;
  return `{${shape.padding}${fields.join(style.comma)}${shape.padding}}`;
}

/**
 * Puts an item behind another one in brackets or braces: on a line of its own if that one has one, and behind the comment
 * that it has there.
 *
 * @param start - Where the item begins that it comes after, and `end` where that ends.
 */
export function insertAfterItem(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  item: string,
  style: Style,
): readonly Patch[] {
  const afterSpace = skipSpace(text, end);
  const hasComma = text[afterSpace] === ",";
  const lineTo = hasComma ? afterSpace + 1 : end;
  const stop = lineEnd(text, lineTo);
  const isAlone =
    isFirstOnLine(text, start) && stop < text.length && /^[ \t]*(?:#.*)?$/.test(text.slice(lineTo, stop));
  if (!isAlone) return [{ at: end, insert: `${style.comma}${item}` }];
  const line = `${style.lineBreak}${indentOf(text, start)}${item}`;
  if (hasComma) return [{ at: stop, insert: `${line},` }];
  return [
    { at: end, insert: "," },
    { at: stop, insert: line },
  ];
}

/** Fills a list in brackets that has no items. @param indent - Of the line that the list stands in. */
export function fillEmptyList(
  text: string,
  list: YAMLSeq.Parsed,
  render: (indent: string) => string,
  {
    unit,
    lineBreak,
    isSpread,
  }: { readonly unit: string; readonly lineBreak: string; readonly isSpread: boolean },
): readonly Patch[] {
  const [start, end] = list.range;
  const indent = indentOf(text, start);
  const isBare = text.slice(start + 1, end - 1).trim() === "";
  const filled = isSpread
    ? `${lineBreak}${indent}${unit}${render(indent + unit)}${lineBreak}${indent}`
    : render(indent);
  // What else stands in the brackets is a comment, which stays, and has a line of its own.
  if (!isBare) return [{ at: end - 1, insert: filled }];
  return [{ at: start + 1, remove: end - start - 2, insert: filled }];
}

/** The next character that is neither white space nor in a comment. */
function skipSpace(text: string, at: number): number {
  const space = /(?:[ \t\r\n]|(?<=[\s,"'\]}])#[^\n]*)*/y;
  space.lastIndex = at;
  space.test(text);
  return space.lastIndex;
}
