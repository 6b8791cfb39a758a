import { Lexer, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, ParsedNode } from "yaml";

import { quoted } from "../lib/text.js";
import type { Member, Node } from "./node.js";
import type { SourceText } from "./source-text.js";

/** Levels of lists and maps. A registry has four. */
const MAX_DEPTH = 8;

/** A bound on levels and indentation before the text is parsed: see {@link refuseDeep}. */
const MAX_LEVELS_BEFORE_PARSING = 200;

/**
 * Reads any YAML, and JSON, which is YAML too. Anchors, aliases, tags, directives and more than one document are
 * refused: what the file says must be what a person sees there.
 *
 * Scalars keep their text (the `failsafe` schema); the registry's schema says what is a time or a number.
 *
 * @throws `TrustRegistryError` `registry_syntax` with the place.
 */
export function readYaml(source: SourceText): Node {
  source.refuseOddBreaks();
  refuseDeep(source);
  const document = parse(source);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const [problem] = fault.message.split("\n", 1);
    const message = OWN_WORDS[fault.code] ?? `${problem}${hint(fault.code)}`;
    throw source.fault("registry_syntax", fault.pos[0], message, fault);
  }
  if (hasDirectives(document)) {
    throw source.fault(
      "registry_syntax",
      source.text.search(/^%/m),
      "YAML directives (%) are not allowed; take it out",
    );
  }
  if (document.contents === null)
    throw source.fault(
      "registry_syntax",
      0,
      "the file is empty; a registry has at least version, bundle_id, org, env, generated_at and agents",
    );
  return readNode(source, document.contents, 0);
}

const UNQUOTED_STAR =
  'a * that begins a text makes a YAML alias of it, which is not allowed; put it in quotes, as in "*"';

/** Faults that the parser tells in words that are of no use here. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  BAD_ALIAS: UNQUOTED_STAR,
  MULTIPLE_DOCS: "the file holds more than one YAML document (---); leave one",
};

function hint(code: string): string {
  return INDENTATION.includes(code) ? "; check how far this line and those above it are indented" : "";
}

/** Faults that the parser finds where lines do not line up, whatever it calls them. */
const INDENTATION: readonly string[] = ["BAD_INDENT", "MISSING_CHAR", "BLOCK_AS_IMPLICIT_KEY"];

/**
 * Refuses what is nested deeply without parsing it. The parser is recursive, and near the end of the stack a regular
 * expression of its may come to be compiled: that is no exception then, but ends the process.
 *
 * What is counted is never less than the depth: brackets that are open, and outside of them the columns before a line
 * and the indicators in it, each of which may begin a level.
 */
function refuseDeep(source: SourceText): void {
  let [offset, brackets, onLine] = [0, 0, 0];
  let [isScalar, isLineStart] = [false, true];
  for (const token of new Lexer().lex(source.text)) {
    if (isScalar) {
      isScalar = false;
    } else if (token === DOCUMENT || token === FLOW_END || token === SCALAR) {
      isScalar = token === SCALAR;
      continue;
    } else if (token === "[" || token === "{") {
      brackets += 1;
    } else if (token === "]" || token === "}") {
      brackets = Math.max(0, brackets - 1);
    } else if (token === "\n" || token === "\r\n") {
      onLine = 0;
    } else if (brackets === 0) {
      if (token === "-" || token === "?" || token === ":") onLine += 1;
      else if (isLineStart && token.startsWith(" ")) onLine = token.length;
    }
    if (brackets + onLine > MAX_LEVELS_BEFORE_PARSING) throw tooDeep(source, offset);
    isLineStart = token.endsWith("\n");
    offset += token.length;
  }
}

/** What the lexer puts before pieces of the text, and is not in it. */
const [DOCUMENT, FLOW_END, SCALAR] = ["\x02", "\x18", "\x1f"];

function tooDeep(source: SourceText, offset: number): Error {
  return source.fault("registry_syntax", offset, "is nested more deeply than any registry is");
}

function parse(source: SourceText): Document.Parsed {
  try {
    return parseDocument(source.text, {
      schema: "failsafe",
      // The schema refuses names that repeat, without comparing each with each.
      uniqueKeys: false,
      prettyErrors: false,
      keepSourceTokens: false,
    });
  } catch (cause) {
    throw source.fault("registry_syntax", 0, "cannot be read as YAML", cause);
  }
}

function hasDirectives(document: Document.Parsed): boolean {
  const { yaml, tags } = document.directives;
  return yaml.explicit === true || Object.keys(tags).length > 1;
}

function readNode(source: SourceText, node: ParsedNode, depth: number): Node {
  const offset = node.range[0];
  if (isAlias(node)) throw source.fault("registry_syntax", offset, UNQUOTED_STAR);
  if (node.anchor !== undefined) {
    throw source.fault("registry_syntax", offset, "YAML anchors (&) are not allowed; take it out");
  }
  if (node.tag !== undefined)
    throw source.fault("registry_syntax", offset, "YAML tags (!) are not allowed; take it out");
  if (depth > MAX_DEPTH) throw tooDeep(source, offset);
  if (isScalar(node))
    return { kind: "text", text: scalarText(node.value), plain: node.type === "PLAIN", offset };
  if (isSeq(node)) {
    return { kind: "list", items: node.items.map((item) => readNode(source, item, depth + 1)), offset };
  }
  if (isMap(node)) return { kind: "map", members: readMembers(source, node.items, depth), offset };
  throw source.fault("registry_syntax", offset, "is neither a text nor a list nor a map");
}

function readMembers(source: SourceText, pairs: readonly Pair[], depth: number): readonly Member[] {
  return pairs.map(({ key, value }) => {
    const name = readNode(source, key, depth + 1);
    if (name.kind !== "text")
      throw source.fault("registry_syntax", name.offset, "the name of a field must be a text");
    if (value === null) {
      throw source.fault(
        "registry_syntax",
        name.offset,
        `field ${quoted(name.text)} has no value; give it one`,
      );
    }
    return { name: name.text, offset: name.offset, value: readNode(source, value, depth + 1) };
  });
}

interface Pair {
  readonly key: ParsedNode;
  readonly value: ParsedNode | null;
}

/** Under the `failsafe` schema every scalar is a text; one that is not there at all is null. */
function scalarText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
