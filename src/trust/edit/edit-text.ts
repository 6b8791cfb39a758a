import { isScalar } from "yaml";
import type { ParsedNode, YAMLMap } from "yaml";

import type { SourceText } from "../source-text.js";
import { appendEntry } from "./append-entry.js";
import { endOfLineAfter } from "./block.js";
import { editFault } from "./edit-fault.js";
import { insertAfterItem } from "./flow.js";
import { columnOf, lineBreakOf } from "./lines.js";
import { applyPatches } from "./patches.js";
import type { Patch } from "./patches.js";
import type { EditPlan } from "./plan-edit.js";
import { entryMap } from "./sections.js";
import { renderName, renderText, styleOf } from "./style.js";
import { timeText } from "./time-text.js";
import { contentEnd, fieldOf, parseTree } from "./tree.js";
import type { Field } from "./tree.js";

/** After which field a new one is written: the first of these that is there. */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  expires_at: ["created_at"],
  disabled_at: ["expires_at", "created_at"],
  revoked_at: ["disabled_at", "expires_at", "created_at"],
};

/**
 * Carries out a plan on the text of a registry. Nothing is written anew: every character that is not part of the change stays.
 *
 * @throws `TrustRegistryError` `registry_edit_invalid` for a way of writing that this cannot edit.
 */
export function editText(source: SourceText, plan: EditPlan): string {
  const root = parseTree(source);
  const { section, altered, added, generatedAtMs } = plan;
  const patches = [...setField(source, root, "generated_at", timeText(generatedAtMs))];
  if (altered !== undefined) {
    const map = entryMap(source, root, section, altered.index);
    for (const [name, text] of altered.fields) patches.push(...setField(source, map, name, text));
  }
  if (added !== undefined) patches.push(...appendEntry(source, root, section, added.members));
  return applyPatches(source.text, patches);
}

function setField(source: SourceText, map: YAMLMap.Parsed, name: string, value: string): readonly Patch[] {
  const field = fieldOf(map, name);
  if (field !== undefined) return [replaceValue(source, field.value, name, value)];
  const before = AFTER[name]?.map((other) => fieldOf(map, other)).find((other) => other !== undefined);
  if (before === undefined) throw unusual(source, map);
  return [...insertField(source, map, before, name, value)];
}

function replaceValue(source: SourceText, node: ParsedNode, name: string, value: string): Patch {
  if (!isScalar(node)) throw unusual(source, node);
  const [start, end] = node.range;
  if (node.type === "PLAIN") return { at: start, remove: end - start, insert: value };
  if (node.type === "QUOTE_SINGLE" || node.type === "QUOTE_DOUBLE") {
    const quote = node.type === "QUOTE_SINGLE" ? "'" : '"';
    return { at: start, remove: end - start, insert: renderText(name, value, quote) };
  }
  // A block scalar: its text stands below a line of its own, which may have a comment.
  const old = String(node.value).trim();
  const at = source.text.indexOf(old, source.text.indexOf("\n", start));
  if (at < start || at + old.length > end) throw unusual(source, node);
  return { at, remove: old.length, insert: value };
}

function insertField(
  { text }: SourceText,
  map: YAMLMap.Parsed,
  before: Field,
  name: string,
  value: string,
): readonly Patch[] {
  const style = styleOf(text, map, lineBreakOf(text));
  const field = `${renderName(name, style)}${style.colon}${renderText(name, value, style.quoteOf(name))}`;
  const end = contentEnd(before.value);
  if (map.flow === true) return insertAfterItem(text, { start: before.key.range[0], end }, field, style);
  const indent = " ".repeat(columnOf(text, map.range[0]));
  return [{ at: endOfLineAfter(text, end), insert: `${style.lineBreak}${indent}${field}` }];
}

function unusual(source: SourceText, { range }: ParsedNode): Error {
  const problem = "is written in a way that cannot be edited here; write each field as name: value";
  return editFault(source, problem, { line: source.lineAt(range[0]) });
}
