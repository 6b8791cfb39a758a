import { isMap, isSeq } from "yaml";
import type { YAMLMap, YAMLSeq } from "yaml";

import { TRUST_SECTIONS } from "../read-registry.js";
import type { SourceText } from "../source-text.js";
import type { TrustSection } from "../types.js";
import { editFault } from "./edit-fault.js";
import { fieldOf } from "./tree.js";

export function sectionList(root: YAMLMap.Parsed, section: TrustSection): YAMLSeq.Parsed | undefined {
  const value = fieldOf(root, section)?.value;
  return isSeq(value) ? value : undefined;
}

/** The map of an entry. @param index - Place in the section, from 0. */
export function entryMap(
  source: SourceText,
  root: YAMLMap.Parsed,
  section: TrustSection,
  index: number,
): YAMLMap.Parsed {
  const map = sectionList(root, section)?.items[index];
  if (isMap(map)) return map;
  throw editFault(source, `entry ${index} of ${section} is not where it should be; edit it by hand`);
}

/** The last entry of a section, or of another one where it has none. */
export function exampleEntry(root: YAMLMap.Parsed, section: TrustSection): YAMLMap.Parsed | undefined {
  for (const name of [section, ...TRUST_SECTIONS]) {
    const last = sectionList(root, name)?.items.at(-1);
    if (isMap(last)) return last;
  }
  return undefined;
}

/** A list of another section that is written with dashes. */
export function blockList(root: YAMLMap.Parsed): YAMLSeq.Parsed | undefined {
  return TRUST_SECTIONS.map((name) => sectionList(root, name)).find(
    (list) => list !== undefined && list.flow !== true && list.items.length > 0,
  );
}
