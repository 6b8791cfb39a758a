import type { ListNode, MapNode, Member, Node } from "./node.js";
import { readFlowMap, readFlowTexts, readScalar } from "./plain-scalar.js";

/** Levels of lists and maps. A registry has four; this bounds the recursion. */
const MAX_DEPTH = 8;

/** Tabs, control characters, line breaks other than \n and \r\n, a byte order mark: left to the YAML reader. */
const UNUSUAL = /[^\P{Cc}\n\r]|\r(?!\n)|[\u2028\u2029\uFEFF]/u;

const FIELD = /^([A-Za-z_][A-Za-z0-9_-]*):(?: +|$)/;

/**
 * Reads YAML that is written the plain way: block maps and lists, one value a line, quotes without escapes, lists of
 * texts in brackets, names and texts in braces, comments. That is how registries are written, by people and by the `signet` command, and it reads
 * ten times faster than YAML as a whole, with nothing to load at start.
 *
 * Whatever it takes it reads as YAML does (a property test compares); on anything else it gives up.
 *
 * @returns `undefined` for a text that is not as plain as that, or not YAML: the YAML reader has the last word.
 */
export function readPlainYaml(text: string): Node | undefined {
  if (UNUSUAL.test(text)) return undefined;
  const reader = new PlainReader(splitLines(text));
  return reader.readAll();
}

/** A line with something in it: `indent` spaces, then `text`, which begins at `offset` of the file. */
interface Line {
  readonly indent: number;
  readonly text: string;
  readonly offset: number;
}

class PlainReader {
  readonly #lines: readonly Line[];
  #next = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
    if (lines[0]?.indent === 0 && lines[0].text === "---") this.#next = 1;
  }

  readAll(): Node | undefined {
    const first = this.#lines[this.#next];
    if (first === undefined || first.indent !== 0) return undefined;
    const node = this.#readBlock(first, 0);
    return this.#next === this.#lines.length ? node : undefined;
  }

  #readBlock(first: Line, depth: number): Node | undefined {
    if (depth >= MAX_DEPTH) return undefined;
    return first.text.startsWith("- ") ? this.#readList(first, depth) : this.#readMap(first, depth);
  }

  /** Reads the lines `- value` that stand in the same column as the first. */
  #readList(first: Line, depth: number): ListNode | undefined {
    const items: Node[] = [];
    let line: Line | undefined = first;
    while (line !== undefined && line.indent === first.indent && line.text.startsWith("- ")) {
      const inner = afterDash(line);
      const item: Node | undefined = FIELD.test(inner.text)
        ? this.#readMap(inner, depth + 1)
        : this.#readLast(readScalar(inner.text, inner.offset), first.indent);
      if (item === undefined) return undefined;
      items.push(item);
      line = this.#lines[this.#next];
    }
    return { kind: "list", items, offset: first.offset };
  }

  /** Reads the lines `name: value` that stand in the same column as the first, which may follow a dash. */
  #readMap(first: Line, depth: number): MapNode | undefined {
    const members: Member[] = [];
    let line: Line | undefined = first;
    while (line !== undefined && line.indent === first.indent) {
      const [start, name] = FIELD.exec(line.text) ?? [];
      // A line that is no field, at this depth, may only be a dash, and that belongs to whoever called.
      if (start === undefined || name === undefined) break;
      const value = this.#readValue(line, start.length, depth);
      if (value === undefined) return undefined;
      members.push({ name, offset: line.offset, value });
      line = this.#lines[this.#next];
    }
    return members.length === 0 ? undefined : { kind: "map", members, offset: first.offset };
  }

  #readValue(line: Line, start: number, depth: number): Node | undefined {
    const text = line.text.slice(start);
    const offset = line.offset + start;
    if (text !== "" && !text.startsWith("#")) {
      const node = readScalar(text, offset) ?? readFlowTexts(text, offset) ?? readFlowMap(text, offset);
      return this.#readLast(node, line.indent);
    }
    this.#next += 1;
    const below = this.#lines[this.#next];
    if (below === undefined) return undefined;
    // A list may stand in the same column as the name that it belongs to.
    if (below.indent > line.indent) return this.#readBlock(below, depth + 1);
    return below.indent === line.indent && below.text.startsWith("- ")
      ? this.#readBlock(below, depth + 1)
      : undefined;
  }

  /** Goes on to the next line after a value; one further in would continue the value, which is not plain. */
  #readLast(node: Node | undefined, indent: number): Node | undefined {
    this.#next += 1;
    const below = this.#lines[this.#next];
    return below !== undefined && below.indent > indent ? undefined : node;
  }
}

/** What stands after the dash of a list's line, as a line of its own. */
function afterDash(line: Line): Line {
  let width = 1;
  while (line.text[width] === " ") width += 1;
  return { indent: line.indent + width, text: line.text.slice(width), offset: line.offset + width };
}

/** Splits a text into the lines that say something: no blank lines, no comments, no space at the end. */
function splitLines(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const next = newline < 0 ? text.length : newline + 1;
    let end = newline < 0 ? text.length : newline;
    if (text[end - 1] === "\r") end -= 1;
    let offset = start;
    while (offset < end && text[offset] === " ") offset += 1;
    while (end > offset && text[end - 1] === " ") end -= 1;
    if (offset < end && text[offset] !== "#") {
      lines.push({ indent: offset - start, text: text.slice(offset, end), offset });
    }
    start = next;
  }
  return lines;
}
