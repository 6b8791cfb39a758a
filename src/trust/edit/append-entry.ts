import { isMap } from "yaml";
import type { ParsedNode, YAMLMap, YAMLSeq } from "yaml";

import type { SourceText } from "../source-text.js";
import type { TrustSection } from "../types.js";
import { dashOf, endOfComments, renderBlockEntry } from "./block.js";
import type { Dash } from "./block.js";
import { editFault } from "./edit-fault.js";
import { fillEmptyList, insertAfterItem, renderFlowEntry, shapeOf } from "./flow.js";
import { columnOf, hasBlankLine, indentOf, isFirstOnLine, lineBreakOf, lineEnd } from "./lines.js";
import type { EntryMembers } from "./new-entry.js";
import type { Patch } from "./patches.js";
import { blockList, exampleEntry, sectionList } from "./sections.js";
import { renderName, styleOf } from "./style.js";
import type { Style } from "./style.js";
import { contentEnd, fieldOf } from "./tree.js";

/** Puts an entry behind the last one of a section, written as that one is. Makes the section where there is none. */
export function appendEntry(
  source: SourceText,
  root: YAMLMap.Parsed,
  section: TrustSection,
  members: EntryMembers,
): readonly Patch[] {
  const { text } = source;
  const example = exampleEntry(root, section);
  const style = styleOf(text, example ?? root, lineBreakOf(text));
  const place: Place = { source, root, section, members, example, style };
  const list = sectionList(root, section);
  if (list === undefined) return root.flow === true ? addFlowSection(place) : addBlockSection(place);
  const last = list.items.at(-1);
  if (last === undefined) return root.flow === true ? fillInFlow(place, list) : fillInBlock(place, list);
  return list.flow === true ? appendToFlow(place, last) : appendToBlock(place, list, last);
}

/** Where an entry goes, and how it is written. */
interface Place {
  readonly source: SourceText;
  readonly root: YAMLMap.Parsed;
  readonly section: TrustSection;
  readonly members: EntryMembers;
  /** An entry to be like. */
  readonly example: YAMLMap.Parsed | undefined;
  readonly style: Style;
}

function appendToFlow({ source, members, style }: Place, last: ParsedNode): readonly Patch[] {
  const { text } = source;
  if (!isMap(last)) throw editFault(source, "its last entry is no map; edit it by hand");
  const [start, end] = last.range;
  const entry = renderFlowEntry(members, shapeOf(text, last), style, indentOf(text, end - 1));
  return insertAfterItem(text, { start, end }, entry, style);
}

function appendToBlock(
  { source, root, section, members, style }: Place,
  list: YAMLSeq.Parsed,
  last: ParsedNode,
): readonly Patch[] {
  const { text } = source;
  const dash = dashOf(text, list.range[0], last.range[0]);
  const entry =
    isMap(last) && last.flow === true
      ? `- ${renderFlowEntry(members, shapeOf(text, last), style, indentOf(text, last.range[1] - 1))}`
      : renderDashed(members, style, dash);
  const previous = list.items.at(-2);
  const isSpaced =
    previous !== undefined && hasBlankLine(text.slice(contentEnd(previous) - 1, last.range[0]));
  const column = columnOf(text, fieldOf(root, section)?.key.range[0] ?? 0);
  const at = endOfComments(text, contentEnd(last), column);
  const indent = " ".repeat(dash.column);
  return [{ at, insert: `${isSpaced ? style.lineBreak : ""}${style.lineBreak}${indent}${entry}` }];
}

function fillInFlow(place: Place, list: YAMLSeq.Parsed): readonly Patch[] {
  const { text } = place.source;
  const { isSpread, unit } = spreadOf(place);
  return fillEmptyList(text, list, (indent) => renderInFlow(place, indent), {
    unit,
    lineBreak: place.style.lineBreak,
    isSpread,
  });
}

/** Replaces `[]` by lines with dashes. A list with a comment in its brackets keeps them. */
function fillInBlock(place: Place, list: YAMLSeq.Parsed): readonly Patch[] {
  const { text } = place.source;
  const [start, end] = list.range;
  if (text.slice(start, end).includes("\n")) return fillInFlow(place, list);
  const space = /[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0;
  return [
    { at: start - space, remove: space + end - start, insert: "" },
    { at: lineEnd(text, end), insert: dashedLine(place) },
  ];
}

function addFlowSection(place: Place): readonly Patch[] {
  const { source, root, section, style } = place;
  const { text } = source;
  const last = root.items.at(-1);
  if (last === undefined) return [];
  const indent = indentOf(text, last.key.range[0]);
  const { isSpread, unit } = spreadOf(place);
  const inner = `${style.lineBreak}${indent}${unit}`;
  const list = isSpread
    ? `[${inner}${renderInFlow(place, indent + unit)}${style.lineBreak}${indent}]`
    : `[${renderInFlow(place, indent)}]`;
  const end = contentEnd(last.value ?? last.key);
  const field = `${renderName(section, style)}${style.colon}${list}`;
  return insertAfterItem(text, { start: last.key.range[0], end }, field, style);
}

function addBlockSection(place: Place): readonly Patch[] {
  const { source, root, section } = place;
  const { text } = source;
  const [previous, last] = root.items.slice(-2);
  if (previous === undefined || last === undefined) return [];
  const { lineBreak, nameQuote } = styleOf(text, root, place.style.lineBreak);
  const column = columnOf(text, root.range[0]);
  const at = endOfComments(text, contentEnd(last.value ?? last.key), column);
  const isSpaced = hasBlankLine(
    text.slice(contentEnd(previous.value ?? previous.key) - 1, last.key.range[0]),
  );
  const name = `${" ".repeat(column)}${nameQuote}${section}${nameQuote}:`;
  return [{ at, insert: `${isSpaced ? lineBreak : ""}${lineBreak}${name}${dashedLine(place)}` }];
}

/** The lines of an entry in a section that has no other, with the line break before them. */
function dashedLine({ source, root, members, example, style }: Place): string {
  const { text } = source;
  const like = blockList(root);
  const last = like?.items.at(-1);
  const dash: Dash =
    like === undefined || last === undefined
      ? { column: columnOf(text, root.range[0]) + 2, gap: " " }
      : dashOf(text, like.range[0], last.range[0]);
  const indent = " ".repeat(dash.column);
  const entry =
    example?.flow === true
      ? `- ${renderFlowEntry(members, shapeOf(text, example), style, indent)}`
      : renderDashed(members, style, dash);
  return `${style.lineBreak}${indent}${entry}`;
}

function renderDashed(members: EntryMembers, style: Style, { column, gap }: Dash): string {
  return `-${gap}${renderBlockEntry(members, style, column + 1 + gap.length)}`;
}

function renderInFlow({ source, root, members, example, style }: Place, indent: string): string {
  const like = example?.flow === true ? example : root;
  const shape = shapeOf(source.text, like);
  return renderFlowEntry(
    members,
    like.flow === true ? shape : { ...shape, multiLine: false, padding: " " },
    style,
    indent,
  );
}

/** Whether entries of a list in brackets stand on lines of their own, and by what they are indented. */
function spreadOf({ source, root, example }: Place): { readonly isSpread: boolean; readonly unit: string } {
  const { text } = source;
  if (root.flow !== true) return { isSpread: false, unit: "  " };
  const { multiLine, unit } = shapeOf(text, root);
  return { isSpread: example === undefined ? multiLine : isFirstOnLine(text, example.range[0]), unit };
}
