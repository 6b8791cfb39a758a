import { unavailable } from "./failures.js";

/**
 * What goes into the text of a statement. The simple protocol takes no parameters, so nothing gets in but what is shown here to be
 * a number or hexadecimal digits.
 */

const HEX = /^[0-9a-f]+$/;

/** Writes bytes, given as hexadecimal digits in several pieces. */
export function bytesLiteral(pieces: readonly string[]): string {
  const digits = pieces.join("");
  if (!HEX.test(digits)) throw unavailable("what stands for nonces is not hexadecimal");
  return `decode('${digits}', 'hex')`;
}

/**
 * Writes a number, with its type: one without would fit a function of the same name that takes smaller ones, whoever made that.
 * Also the host's clock comes by here, and may tell anything.
 */
export function integerLiteral(value: number, type: "integer" | "bigint"): string {
  return `'${digitsOf(value)}'::${type}`;
}

/** Writes a list of numbers. */
export function integersLiteral(values: readonly number[], type: "integer" | "bigint"): string {
  return `'{${values.map(digitsOf).join(",")}}'::${type}[]`;
}

function digitsOf(value: number): string {
  if (!Number.isSafeInteger(value)) throw unavailable("the option clock tells no time");
  return String(value);
}

/** Writes a list of truth values. */
export function booleansLiteral(values: readonly boolean[]): string {
  return `'{${values.map(String).join(",")}}'::boolean[]`;
}
