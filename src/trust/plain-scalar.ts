import type { ListNode, MapNode, Member, Node, TextNode } from "./node.js";

/** Begins with a letter or digit, so with no indicator of YAML's; holds nothing that means something inside brackets. */
const FLOW_PLAIN = /[A-Za-z0-9](?:[A-Za-z0-9_.*/@+=-]|:(?=[A-Za-z0-9_/])| (?=[A-Za-z0-9_]))*/y;
const FLOW_NAME = /([A-Za-z_][A-Za-z0-9_-]*): +/y;
const QUOTED = /"([^"\\]*)"|'([^']*)'/y;
const SPACE = / */y;

/** What means something at the start of a value, or might: the indicators of YAML, and any space but the plain one. */
const INDICATOR = /^[\s\-?:,[\]{}#&*!|>'"%@`]/;

/**
 * Reads what stands on one line after a name or a dash: a text in quotes without escapes, or one without quotes that
 * begins with no indicator. A comment may follow.
 *
 * @param offset - Where `text` begins in the file.
 * @returns `undefined` for anything else.
 */
export function readScalar(text: string, offset: number): TextNode | undefined {
  QUOTED.lastIndex = 0;
  const match = QUOTED.exec(text);
  if (match !== null) {
    return isComment(text.slice(QUOTED.lastIndex))
      ? { kind: "text", text: match[1] ?? match[2] ?? "", plain: false, offset }
      : undefined;
  }
  if (INDICATOR.test(text)) return undefined;
  const comment = text.indexOf(" #");
  const plain = comment < 0 ? text : trimEnd(text.slice(0, comment));
  return plain.includes(": ") || plain.endsWith(":")
    ? undefined
    : { kind: "text", text: plain, plain: true, offset };
}

/** Reads texts in brackets on one line: `[read_file, "list_*"]`, or `[]`. */
export function readFlowTexts(text: string, offset: number): ListNode | undefined {
  const items: Node[] = [];
  const isRead = readFlow(text, "[]", (at) => {
    const item = readFlowText(text, at);
    if (item === undefined) return undefined;
    items.push({ kind: "text", text: item.text, plain: item.plain, offset: offset + at });
    return item.end;
  });
  return isRead ? { kind: "list", items, offset } : undefined;
}

/** Reads names and texts in braces on one line: `{ max_calls: 100, window_seconds: 60 }`, or `{}`. */
export function readFlowMap(text: string, offset: number): MapNode | undefined {
  const members: Member[] = [];
  const isRead = readFlow(text, "{}", (at) => {
    FLOW_NAME.lastIndex = at;
    const [start, name] = FLOW_NAME.exec(text) ?? [];
    if (start === undefined || name === undefined) return undefined;
    const valueAt = at + start.length;
    const item = readFlowText(text, valueAt);
    if (item === undefined) return undefined;
    const value = { kind: "text", text: item.text, plain: item.plain, offset: offset + valueAt } as const;
    members.push({ name, offset: offset + at, value });
    return item.end;
  });
  return isRead ? { kind: "map", members, offset } : undefined;
}

/**
 * Reads what stands between two brackets, with commas between.
 *
 * @param readItem - Reads the item that begins at an index. @returns where it ends.
 * @returns whether that is all there is, apart from a comment.
 */
function readFlow(
  text: string,
  brackets: "[]" | "{}",
  readItem: (at: number) => number | undefined,
): boolean {
  const [open = "", close] = brackets;
  if (!text.startsWith(open)) return false;
  let at = matchEnd(SPACE, text, 1);
  while (text[at] !== close) {
    const end = readItem(at);
    if (end === undefined) return false;
    at = matchEnd(SPACE, text, end);
    if (text[at] === ",") {
      at = matchEnd(SPACE, text, at + 1);
      if (text[at] === close) return false;
    } else if (text[at] !== close) {
      return false;
    }
  }
  return isComment(text.slice(at + 1));
}

function readFlowText(text: string, at: number): { text: string; plain: boolean; end: number } | undefined {
  QUOTED.lastIndex = at;
  const match = QUOTED.exec(text);
  if (match !== null) return { text: match[1] ?? match[2] ?? "", plain: false, end: QUOTED.lastIndex };
  const end = matchEnd(FLOW_PLAIN, text, at);
  return end === at ? undefined : { text: text.slice(at, end), plain: true, end };
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Tells whether nothing but a comment follows; YAML wants a space before it. */
function isComment(rest: string): boolean {
  return /^ *$/.test(rest) || /^ +#/.test(rest);
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === " ") end -= 1;
  return text.slice(0, end);
}
