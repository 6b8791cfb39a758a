import { parseTime } from "../lib/time.js";
import type { Scope } from "./types.js";

/** Tells whether a scope covers a call. Names are exact; a lone `*` covers everything (wire format, section 9). */
export function scopeCovers(scope: Scope, tool: string, target: string): boolean {
  return covers(scope.tools, tool) && covers(scope.targets, target);
}

/**
 * Tells whether a scope narrows the one that it was delegated under: tools and targets are subsets, `max_depth` is
 * strictly less, and where the parent ends, the child ends no later.
 */
export function isNarrower(child: Scope, parent: Scope): boolean {
  return (
    isSubset(child.tools, parent.tools) &&
    isSubset(child.targets, parent.targets) &&
    child.max_depth < parent.max_depth &&
    endsWithin(child.expires, parent.expires)
  );
}

function covers(names: readonly string[], name: string): boolean {
  return isEverything(names) || names.includes(name);
}

function isSubset(child: readonly string[], parent: readonly string[]): boolean {
  if (isEverything(parent)) return true;
  const allowed = new Set(parent);
  return child.every((name) => allowed.has(name));
}

function isEverything(names: readonly string[]): boolean {
  return names.length === 1 && names[0] === "*";
}

function endsWithin(child: string | undefined, parent: string | undefined): boolean {
  if (parent === undefined) return true;
  const [childMs, parentMs] = [parseTime(child), parseTime(parent)];
  return childMs !== undefined && parentMs !== undefined && childMs <= parentMs;
}
