import { quoted } from "../lib/text.js";
import { MAX_NAME_LENGTH, MAX_PROSE_LENGTH } from "../receipt/limits.js";
import type { TextNode } from "./node.js";

export interface TextRules {
  /** Free text: may be blank, run over several lines, and be longer. */
  readonly prose?: boolean;
}

/**
 * Says what is wrong with a text, if anything.
 *
 * What stands without quotes and would be something else than a text to some YAML reader (1.1 and 1.2 differ) is
 * refused: a name `no` or `0x10` must be the same name for everybody who reads the file.
 */
export function textProblem(node: TextNode, rules: TextRules): string | undefined {
  const { text } = node;
  if (node.plain && isOtherType(text)) {
    return text === "" || /^(?:~|null)$/i.test(text)
      ? "has no value; give it one or take the field out"
      : `must be a text, and ${quoted(text)} without quotes is something else in YAML; put it in quotes`;
  }
  const limit = rules.prose === true ? MAX_PROSE_LENGTH : MAX_NAME_LENGTH;
  if (text.length > limit) return `is longer than ${limit} characters`;
  if (!text.isWellFormed()) return "has half of a surrogate pair in it";
  if (rules.prose === true) return CONTROL_IN_PROSE.test(text) ? "has a control character in it" : undefined;
  if (!VISIBLE.test(text)) return "must not be blank";
  return CONTROL.test(text) ? "has a control character or a line break in it" : undefined;
}

const VISIBLE = /[^\s\p{Cc}\p{Cf}]/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const CONTROL_IN_PROSE = /[^\P{Cc}\t\n\r]/u;

/** Every form that YAML 1.1 or 1.2 (core schema) reads as null, a boolean, a number or a date begins with one of these. */
const MAY_BE_OTHER_TYPE = /^[-+.~0-9fnotyFNOTY]/;
const WORD = /^(?:~|null|true|false|yes|no|on|off|y|n)$/i;
const NUMBER =
  /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:e[-+]?[0-9]+)?|\.inf)$/i;
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const DATE = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt \t])/;

function isOtherType(text: string): boolean {
  if (text === "") return true;
  if (!MAY_BE_OTHER_TYPE.test(text)) return false;
  return (
    WORD.test(text) || NUMBER.test(text) || SEXAGESIMAL.test(text) || DATE.test(text) || /^\.nan$/i.test(text)
  );
}
