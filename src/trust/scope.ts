/**
 * Makes a test of the patterns of an entry's `tools` or `targets`: exact names, in which `*` stands for any run of
 * characters, also none. Nothing else is special. An empty list matches nothing.
 *
 * Takes time in proportion to the name and the patterns, whatever they are: no regular expressions.
 */
export function compilePatterns(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const globs = patterns.filter((pattern) => pattern.includes("*")).map((pattern) => pattern.split("*"));
  return (name) => exact.has(name) || globs.some((parts) => matchParts(name, parts));
}

/** Finds the parts of a pattern one after another, each as early as it goes: with one wildcard that is always right. */
function matchParts(name: string, parts: readonly string[]): boolean {
  const head = parts[0] ?? "";
  const tail = parts[parts.length - 1] ?? "";
  const end = name.length - tail.length;
  if (end < head.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
