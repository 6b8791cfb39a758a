import type { ListNode, MapNode, Member, Node, TextNode } from "./node.js";

/** Levels of lists and maps. A registry has four; this bounds the recursion. */
const MAX_DEPTH = 8;

/** A string without escapes, one with them, and the words and numbers of JSON (RFC 8259), each from `lastIndex` on. */
const SIMPLE_STRING = /"([^"\\\p{Cc}]*)"/uy;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const BARE = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
/** A lone CR is a space in JSON and a character in YAML: what the two read differently is not read here. */
const SPACE = /(?:[ \t\n]|\r\n)*/y;

/**
 * Reads JSON, keeping the place of every value and names that repeat, which `JSON.parse` does not.
 *
 * @returns `undefined` for a text that is not JSON: the YAML reader then says what is wrong with it.
 */
export function readJson(text: string): Node | undefined {
  return new JsonReader(text).readAll();
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): Node | undefined {
    this.#skip();
    const node = this.#readValue(0);
    this.#skip();
    return this.#at === this.#text.length ? node : undefined;
  }

  #readValue(depth: number): Node | undefined {
    const offset = this.#at;
    const first = this.#text[offset];
    if (first === "{") return depth < MAX_DEPTH ? this.#readMap(offset, depth) : undefined;
    if (first === "[") return depth < MAX_DEPTH ? this.#readList(offset, depth) : undefined;
    if (first === '"') return this.#readString(offset);
    const bare = this.#match(BARE);
    return bare === undefined ? undefined : { kind: "text", text: bare, plain: true, offset };
  }

  #readString(offset: number): TextNode | undefined {
    const simple = this.#match(SIMPLE_STRING);
    if (simple !== undefined) return { kind: "text", text: simple.slice(1, -1), plain: false, offset };
    const escaped = this.#match(STRING);
    if (escaped === undefined) return undefined;
    const text: unknown = JSON.parse(escaped);
    return typeof text === "string" ? { kind: "text", text, plain: false, offset } : undefined;
  }

  #readList(offset: number, depth: number): ListNode | undefined {
    const items: Node[] = [];
    const ended = this.#readItems("]", () => {
      const item = this.#readValue(depth + 1);
      if (item !== undefined) items.push(item);
      return item !== undefined;
    });
    return ended ? { kind: "list", items, offset } : undefined;
  }

  #readMap(offset: number, depth: number): MapNode | undefined {
    const members: Member[] = [];
    const ended = this.#readItems("}", () => {
      const name = this.#readString(this.#at);
      if (name === undefined) return false;
      this.#skip();
      if (!this.#take(":")) return false;
      this.#skip();
      const value = this.#readValue(depth + 1);
      if (value !== undefined) members.push({ name: name.text, offset: name.offset, value });
      return value !== undefined;
    });
    return ended ? { kind: "map", members, offset } : undefined;
  }

  /** Reads from the opening bracket to the closing one: items between commas. */
  #readItems(end: "]" | "}", readItem: () => boolean): boolean {
    this.#at += 1;
    this.#skip();
    if (this.#take(end)) return true;
    while (readItem()) {
      this.#skip();
      if (this.#take(end)) return true;
      if (!this.#take(",")) return false;
      this.#skip();
    }
    return false;
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #take(character: string): boolean {
    const found = this.#text[this.#at] === character;
    if (found) this.#at += 1;
    return found;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }
}
