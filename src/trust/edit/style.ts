import { isCollection, isScalar, isSeq } from "yaml";
import type { ParsedNode, YAMLMap } from "yaml";

import { textProblem } from "../text-rules.js";
import type { MemberValue } from "./new-entry.js";
import { fieldOf } from "./tree.js";

type Quote = "" | '"' | "'";

/** How something new is written so that it looks like what is there. */
export interface Style {
  readonly lineBreak: string;
  /** What stands between a name and its value. */
  readonly colon: string;
  /** What stands between two items on one line. */
  readonly comma: string;
  /** Lists and maps within an entry stand on one line. */
  readonly inline: boolean;
  readonly nameQuote: Quote;
  quoteOf(name: string): Quote;
}

/** Whose form is fixed, and means the same with and without quotes to every reader of YAML. */
const FIXED = [
  "principal",
  "pubkey",
  "status",
  "created_at",
  "expires_at",
  "disabled_at",
  "revoked_at",
  "generated_at",
];

/** What is the same text without quotes to every reader, in brackets too. Anything else is put in quotes. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*$/;

/** What JSON leaves as it is within quotes and some reader might take for a line break or not accept. */
const ODD = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g;

/** @param like - An entry, or the registry itself where there is none. */
export function styleOf(text: string, like: YAMLMap.Parsed, lineBreak: string): Style {
  const nameQuote = quoteOfNode(like.items[0]?.key);
  const colon = colonOf(text, like);
  return {
    lineBreak,
    // Without a space, a name that is not in quotes would go on.
    colon: nameQuote === "" ? ": " : colon,
    comma: colon.endsWith(" ") || nameQuote === "" ? ", " : ",",
    inline: nameQuote !== '"' || like.items.some(({ value }) => isInline(text, value)),
    nameQuote,
    quoteOf: (name) => {
      const same =
        fieldOf(like, name) ??
        likeFields(name)
          .map((other) => fieldOf(like, other))
          .find(Boolean);
      return quoteOfNode(same?.value);
    },
  };
}

/** Writes a value on one line. */
export function renderInline(name: string, value: MemberValue, style: Style): string {
  const quote = style.quoteOf(name);
  if (typeof value === "string") return renderText(name, value, quote);
  const padding = style.comma.slice(1);
  if (isTexts(value)) {
    return `[${value.map((text) => renderText(name, text, quote)).join(style.comma)}]`;
  }
  const members = Object.entries(value).map(
    ([name, number]) => `${renderName(name, style)}${style.colon}${number}`,
  );
  return `{${padding}${members.join(style.comma)}${padding}}`;
}

export function renderName(name: string, { nameQuote }: Style): string {
  return `${nameQuote}${name}${nameQuote}`;
}

export function renderText(name: string, text: string, quote: Quote): string {
  if (quote === "" && (FIXED.includes(name) || isPlain(text))) return text;
  if (quote === "'" && /^[ -~]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replace(ODD, (odd) => `\\u${odd.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function isTexts(value: MemberValue): value is readonly string[] {
  return Array.isArray(value);
}

function isPlain(text: string): boolean {
  return (
    PLAIN.test(text) &&
    textProblem({ kind: "text", text, plain: true, offset: 0 }, { prose: true }) === undefined
  );
}

function likeFields(name: string): readonly string[] {
  return name.endsWith("_at") ? ["created_at", "generated_at"] : ["id", "bundle_id"];
}

function quoteOfNode(node: ParsedNode | null | undefined): Quote {
  if (isSeq(node)) return quoteOfNode(node.items[0]);
  if (!isScalar(node)) return "";
  return node.type === "QUOTE_DOUBLE" ? '"' : node.type === "QUOTE_SINGLE" ? "'" : "";
}

function colonOf(text: string, like: YAMLMap.Parsed): string {
  const [first] = like.items;
  if (first?.value == null) return ": ";
  const between = text.slice(first.key.range[1], first.value.range[0]);
  return /^ *: *$/.test(between) ? between : ": ";
}

function isInline(text: string, node: ParsedNode | null): boolean {
  if (!isCollection(node) || node.items.length === 0) return false;
  return !text.slice(node.range[0], node.range[1]).includes("\n");
}
