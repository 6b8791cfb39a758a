import { parseTime } from "../lib/time.js";
import { quoted } from "../lib/text.js";
import { MAX_LIST_LENGTH } from "../receipt/limits.js";
import type { Member, Node } from "./node.js";
import type { SourceText } from "./source-text.js";
import { textProblem } from "./text-rules.js";
import type { TextRules } from "./text-rules.js";

/**
 * The members of one map of the file, read by name. A name that is not known is refused when the map is opened, so
 * that a misspelt `expires_at` cannot become "never".
 */
export class Fields {
  readonly offset: number;
  readonly #source: SourceText;
  readonly #path: string;
  readonly #members: ReadonlyMap<string, Member>;

  /**
   * @param path - What the map is, for messages: `agents[2]`.
   * @param known - Names that it may have.
   * @throws `TrustRegistryError` `registry_invalid` when it is no map, has an unknown name or a name twice.
   */
  constructor(source: SourceText, node: Node, path: string, known: readonly string[]) {
    this.#source = source;
    this.#path = path;
    this.offset = node.offset;
    if (node.kind !== "map") {
      throw source.fault(
        "registry_invalid",
        node.offset,
        `${path} must be a map of fields, got ${nodeName(node)}`,
      );
    }
    const members = new Map<string, Member>();
    for (const member of node.members) {
      if (!known.includes(member.name)) {
        const problem = `unknown field ${quoted(member.name)} in ${path}; correct its name or take it out. Known are ${known.join(", ")}`;
        throw source.fault("registry_invalid", member.offset, problem);
      }
      const first = members.get(member.name);
      if (first !== undefined) {
        const problem = `field ${quoted(member.name)} of ${path} is there twice, first in line ${source.lineAt(first.offset)}; keep one`;
        throw source.fault("registry_invalid", member.offset, problem);
      }
      members.set(member.name, member);
    }
    this.#members = members;
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** Where a field stands; the map itself when it is not there. */
  offsetOf(name: string): number {
    return this.#members.get(name)?.offset ?? this.offset;
  }

  /** Makes the error for a fault of a field, at the field's value. */
  fault(name: string, problem: string): Error {
    const offset = this.#members.get(name)?.value.offset ?? this.offset;
    return this.#source.fault("registry_invalid", offset, `${name} of ${this.#path} ${problem}`);
  }

  node(name: string): Node | undefined {
    return this.#members.get(name)?.value;
  }

  text(name: string, rules: TextRules = {}): string {
    const text = this.optionalText(name, rules);
    if (text === undefined) throw this.fault(name, "is missing; add it");
    return text;
  }

  optionalText(name: string, rules: TextRules = {}): string | undefined {
    const node = this.#members.get(name)?.value;
    return node === undefined ? undefined : this.#readText(name, node, rules);
  }

  time(name: string): number {
    const timeMs = this.optionalTime(name);
    if (timeMs === undefined) throw this.fault(name, "is missing; add it");
    return timeMs;
  }

  /** Reads a time, as milliseconds since the Unix epoch. YAML may write it without quotes. */
  optionalTime(name: string): number | undefined {
    const node = this.#members.get(name)?.value;
    if (node === undefined) return undefined;
    const timeMs = node.kind === "text" ? parseTime(node.text) : undefined;
    if (timeMs === undefined) {
      throw this.fault(name, `must be a time in UTC such as 2026-11-23T00:00:00Z, got ${nodeName(node)}`);
    }
    return timeMs;
  }

  /** Reads a whole number of 1 or more. */
  count(name: string): number {
    const node = this.#members.get(name)?.value;
    if (node === undefined) throw this.fault(name, "is missing; add it");
    const isCount = node.kind === "text" && node.plain && /^[1-9][0-9]{0,14}$/.test(node.text);
    if (!isCount) throw this.fault(name, `must be a whole number of 1 or more, got ${nodeName(node)}`);
    return Number(node.text);
  }

  /** Reads a list of texts that are not blank. An empty list is one. */
  optionalTexts(name: string): readonly string[] | undefined {
    if (!this.has(name)) return undefined;
    const nodes = this.list(name);
    if (nodes.length > MAX_LIST_LENGTH) throw this.fault(name, `has more than ${MAX_LIST_LENGTH} entries`);
    return nodes.map((node) => this.#readText(name, node, {}));
  }

  /** Reads a list; one that is not there is empty. */
  list(name: string): readonly Node[] {
    const node = this.#members.get(name)?.value;
    if (node === undefined) return [];
    if (node.kind !== "list") throw this.fault(name, `must be a list ([] for none), got ${nodeName(node)}`);
    return node.items;
  }

  #readText(name: string, node: Node, rules: TextRules): string {
    const problem = node.kind === "text" ? textProblem(node, rules) : `must be a text, got ${nodeName(node)}`;
    if (node.kind !== "text" || problem !== undefined) {
      throw this.#source.fault("registry_invalid", node.offset, `${name} of ${this.#path} ${problem}`);
    }
    return node.text;
  }
}

/** Names a node's value for a message. */
export function nodeName(node: Node): string {
  if (node.kind !== "text") return node.kind === "list" ? "a list" : "a map";
  if (!node.plain) return quoted(node.text);
  if (node.text === "") return "nothing";
  return /^[\d.+-]{1,64}$/.test(node.text) ? node.text : quoted(node.text);
}
