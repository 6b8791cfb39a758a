/** Values as JSON has them, and the reading of objects that came from elsewhere. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** An object with any keys, of which nothing else is known. */
export type JsonRecord = Record<string, unknown>;

/** Tells whether a value is an object as `JSON.parse` makes them: no array, no class, nothing from another realm. */
export function isPlainObject(value: unknown): value is JsonRecord {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Reads an own member. What an object inherits is never seen, so a key such as `__proto__` or `constructor` is a
 * key like any other.
 *
 * @returns the member's value, `undefined` when there is none.
 */
export function ownValue(object: Readonly<JsonRecord>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * Tells whether a member is an object's own, for loops over its keys by `for…in`: there the engine leaves this test
 * out, unlike `Object.hasOwn`, and the loop is twice as fast as one over a list of the keys.
 */
export function isOwn(object: object, key: string): boolean {
  return Object.prototype.hasOwnProperty.call(object, key);
}

/** Tells whether a key is among those that a loop by `for…in` finds, and an object's own. */
export function isOwnEnumerable(object: object, key: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(object, key);
}
