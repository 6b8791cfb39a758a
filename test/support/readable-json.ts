/**
 * Canonical JSON as one would write it to be read: a second oracle for the writer that works on bytes. It says why it
 * refuses by the code alone.
 */
export function readableJson(value: unknown, depthLeft = 100): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return readableString(value);
  if (typeof value === "number") return readableNumber(value);
  if (typeof value !== "object") throw new Refused("not_json");
  if (depthLeft === 0) throw new Refused("too_deep");
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item) => readableJson(item, depthLeft - 1)).join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new Refused("not_json");
  const members = new Map<string, unknown>(Object.entries(value));
  const texts = [...members.keys()]
    .sort()
    .map((key) => `${readableString(key)}:${readableJson(members.get(key), depthLeft - 1)}`);
  return `{${texts.join(",")}}`;
}

export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

function readableString(text: string): string {
  if (!text.isWellFormed()) throw new Refused("lone_surrogate");
  return JSON.stringify(text);
}

function readableNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Refused("non_finite");
  if (Number.isInteger(value) && Math.abs(value) >= 2 ** 53 && Math.abs(value) < 2 ** 64) {
    throw new Refused("unsafe_integer");
  }
  return JSON.stringify(value);
}
