import { OptionError } from "../errors.js";

/** Checks of what a caller passes in. Each error names the option, what it got and what it wants. */

export type OptionRecord = Readonly<Record<string, unknown>>;

/**
 * Reads an options object. Members with the value `undefined` count as absent.
 *
 * @param known - Names that there are. Any other is refused: a misspelt option must not be ignored.
 * @throws `OptionError` `invalid_option` when it is no object, `unknown_option` for a name that there is not.
 */
export function optionRecord(value: unknown, path: string, known: readonly string[]): OptionRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OptionError("invalid_option", path, `${path} must be an object, got ${describe(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw new OptionError(
        "unknown_option",
        `${path}.${name}`,
        `${path} has no member ${JSON.stringify(name)}; it takes ${known.join(", ")}`,
      );
    }
  }
  return value as OptionRecord;
}

/** Refuses options whose feature is not there yet, so that nobody believes it to be on. */
export function refuseUnsupported(options: OptionRecord, path: string, names: readonly string[]): void {
  for (const name of names) {
    if (options[name] !== undefined) {
      throw new OptionError(
        "unsupported_option",
        `${path}.${name}`,
        `${path}.${name} is not supported by this version of signet-mcp; leave it out`,
      );
    }
  }
}

/** Reads a whole number. `range.fallback` is the default. */
export function integerOption(
  options: OptionRecord,
  path: string,
  name: string,
  range: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  const value = options[name];
  if (value === undefined) return range.fallback;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < range.min || value > range.max) {
    throw invalidOption(`${path}.${name}`, `a whole number from ${range.min} to ${range.max}`, value);
  }
  return value;
}

export function booleanOption(options: OptionRecord, path: string, name: string, fallback: boolean): boolean {
  const value = options[name];
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw invalidOption(`${path}.${name}`, "true or false", value);
  return value;
}

/** Reads an optional function. The caller says what it is called with. */
export function functionOption<F extends (...parameters: never[]) => unknown>(
  options: { readonly [name: string]: unknown },
  path: string,
  name: string,
  fallback: F,
): F {
  const value = options[name];
  if (value === undefined) return fallback;
  if (typeof value !== "function") throw invalidOption(`${path}.${name}`, "a function", value);
  return value as F;
}

/** As late as the engine's dates go. */
const MAX_TIME_MS = 8.64e15;

/**
 * Reads the option `clock`, and gives one that tells whole milliseconds. What a clock tells that is no number is `NaN`, which
 * no check of a time lets pass.
 *
 * @throws `OptionError` when it is no function, and when what it tells now is no time.
 */
export function clockOption(options: OptionRecord, path: string): () => number {
  const clock: () => unknown = functionOption(options, path, "clock", Date.now);
  const wanted = "a function that returns milliseconds since the Unix epoch";
  let first: unknown;
  try {
    first = clock();
  } catch (cause) {
    throw new OptionError("invalid_option", `${path}.clock`, `${path}.clock must be ${wanted}; it threw`, {
      cause,
    });
  }
  if (typeof first !== "number" || !(first >= 0 && first <= MAX_TIME_MS)) {
    throw invalidOption(`${path}.clock`, wanted, first);
  }
  return () => {
    const now = clock();
    return typeof now === "number" ? Math.floor(now) : Number.NaN;
  };
}

/** Reads a text that is not blank. */
export function textOption(value: unknown, path: string, wanted: string): string {
  if (value === undefined) throw missingOption(path, wanted);
  if (typeof value !== "string" || value.trim() === "") throw invalidOption(path, wanted, value);
  return value;
}

/**
 * Reads a text that goes into receipts and is compared exactly: a blank at its ends could not be seen in any message, and no
 * receipt can hold a longer one, or one that is not well-formed Unicode.
 */
export function signedTextOption(value: unknown, path: string, wanted: string, maxLength: number): string {
  const text = textOption(value, path, wanted);
  if (text !== text.trim()) throw invalidOption(path, `${wanted}, without blanks at its ends`, text);
  if (text.length <= maxLength && text.isWellFormed()) return text;
  throw invalidOption(path, `${wanted}, of at most ${maxLength} characters of well-formed Unicode`, text);
}

/** Reads the path of a file. */
export function pathOption(value: unknown, path: string, wanted: string): string {
  const text = textOption(value, path, wanted);
  if (text.startsWith("file:")) {
    throw new OptionError("invalid_option", path, `${path} must be ${wanted}, got a URL; ${MAKE_PATH}`);
  }
  if (/[\r\n]/.test(text)) throw invalidOption(path, wanted, "text of several lines");
  return text;
}

const MAKE_PATH = "pass fileURLToPath(url) of node:url";

export function invalidOption(path: string, wanted: string, got: unknown): OptionError {
  return new OptionError("invalid_option", path, `${path} must be ${wanted}, got ${describe(got)}`);
}

export function missingOption(path: string, wanted: string): OptionError {
  return new OptionError("missing_option", path, `${path} is required: ${wanted}`);
}

/** Says what a value is without showing more of it than its first characters. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  if (typeof value === "number" || typeof value === "boolean" || value === undefined) return String(value);
  if (value instanceof URL)
    return `a URL; ${value.protocol === "file:" ? MAKE_PATH : "pass its text, url.href"}`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return `a value of type ${typeof value}`;
}
