/** A place of a text where something is put in, in the stead of what is removed there. */
export interface Patch {
  readonly at: number;
  /** Characters. Default 0. */
  readonly remove?: number;
  readonly insert: string;
}

/** Applies patches that do not overlap. What several put in at one place comes in the order of the patches. */
export function applyPatches(text: string, patches: readonly Patch[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { at, remove = 0, insert } of [...patches].sort((a, b) => a.at - b.at)) {
    parts.push(text.slice(done, at), insert);
    done = at + remove;
  }
  return parts.join("") + text.slice(done);
}
