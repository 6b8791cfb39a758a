import { isMap, isScalar, parseDocument } from "yaml";
import type { ParsedNode, YAMLMap } from "yaml";

import type { SourceText } from "../source-text.js";
import { editFault } from "./edit-fault.js";

/** A member of a map, with the places of its name and value. */
export interface Field {
  readonly key: ParsedNode;
  readonly value: ParsedNode;
}

/**
 * Parses the text of a registry that holds, YAML or JSON, into nodes that know where they begin and end.
 *
 * @throws `TrustRegistryError` `registry_edit_invalid` for JSON that is not YAML too.
 */
export function parseTree(source: SourceText): YAMLMap.Parsed {
  const { contents, errors } = parseDocument(source.text, {
    schema: "failsafe",
    uniqueKeys: false,
    prettyErrors: false,
    keepSourceTokens: false,
  });
  if (errors.length === 0 && isMap(contents)) return contents;
  throw editFault(
    source,
    "is written in a way that cannot be edited without writing it anew; edit it by hand",
  );
}

export function fieldOf(map: YAMLMap.Parsed, name: string): Field | undefined {
  for (const { key, value } of map.items) {
    if (isScalar(key) && key.value === name && value !== null) return { key, value };
  }
  return undefined;
}

/**
 * Where the last character of what a node says ends. The range of a block node goes on over the comments that follow;
 * only a block scalar ends with a line break here.
 */
export function contentEnd(node: ParsedNode): number {
  if (isScalar(node) || !("items" in node) || node.flow === true) return node.range[1];
  const last = node.items.at(-1);
  if (last === undefined) return node.range[1];
  if ("range" in last) return contentEnd(last);
  return contentEnd(last.value ?? last.key);
}
