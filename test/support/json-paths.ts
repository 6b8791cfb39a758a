import { isPlainObject } from "../../src/lib/json.js";

/** Ways through a JSON value, and copies of it with a change at the end of one. */
export type Path = readonly (string | number)[];

/**
 * Lists the paths of all objects, of all members, or of all values.
 *
 * @param opaque - Names of members that are not looked into.
 */
export function paths(
  value: unknown,
  wanted: "objects" | "members" | "values",
  opaque: ReadonlySet<string>,
  path: Path = [],
): Path[] {
  const here = wanted === "values" || (wanted === "objects" && isPlainObject(value)) ? [path] : [];
  if (opaque.has(String(path.at(-1)))) return wanted === "objects" ? [] : here;
  if (Array.isArray(value))
    return [...here, ...value.flatMap((entry, i) => paths(entry, wanted, opaque, [...path, i]))];
  if (!isPlainObject(value)) return here;
  const members = Object.entries(value).flatMap(([name, member]) => [
    ...(wanted === "members" ? [[...path, name]] : []),
    ...paths(member, wanted, opaque, [...path, name]),
  ]);
  return [...here, ...members];
}

/** Copies a value with a change at a path. */
export function changed(value: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((entry, i) => (i === first ? changed(entry, rest, change) : entry));
  if (!isPlainObject(value)) throw new TypeError("no such path");
  return { ...value, [first]: changed(value[first], rest, change) };
}

/** Copies a value without the member at a path. */
export function without(value: unknown, path: Path): unknown {
  const name = path.at(-1);
  return changed(value, path.slice(0, -1), (holder) => {
    if (!isPlainObject(holder)) throw new TypeError("no such path");
    return Object.fromEntries(Object.entries(holder).filter(([key]) => key !== name));
  });
}

/** Reads the value at a path. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((holder, name) => {
    if (Array.isArray(holder)) return holder[Number(name)];
    return isPlainObject(holder) ? holder[name] : undefined;
  }, value);
}
