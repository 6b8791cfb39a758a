import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { TrustRegistryError } from "../../../../src/errors.js";
import { editRegistryFile } from "../../../../src/trust/edit/index.js";
import type {
  EditRegistryOptions,
  RegistryEdit,
  RegistryEditResult,
} from "../../../../src/trust/edit/index.js";
import { parseTrustRegistry } from "../../../../src/trust/parse.js";
import type { TrustRegistry } from "../../../../src/trust/registry.js";
import type { TrustEntry, TrustSection } from "../../../../src/trust/types.js";
import { keyOf } from "../../support/registry-text.js";

/** When edits are made, unless a test says otherwise. */
export const AT_MS: number = Date.UTC(2026, 10, 24);
export const AT = "2026-11-24T00:00:00Z";

export interface Edited {
  readonly text: string;
  readonly result: RegistryEditResult;
  readonly registry: TrustRegistry;
}

/** Runs in a directory of its own with a registry file in it. */
export async function withFile<T>(text: string | Uint8Array, use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "signet-edit-"));
  try {
    const file = join(directory, "registry.yaml");
    await writeFile(file, text);
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Edits a text as a file, at {@link AT_MS}. */
export function editText(text: string, edit: RegistryEdit, atMs: number = AT_MS): Promise<Edited> {
  return withFile(text, async (file) => {
    const result = await editRegistryFile(file, edit, { clock: () => atMs });
    const edited = await readFile(file, "utf8");
    return { text: edited, result, registry: parse(edited) };
  });
}

/** The error that an edit is refused with. The file has to be the same then, its time included. */
export function refusalOf(
  text: string | Uint8Array,
  edit: RegistryEdit,
  options: EditRegistryOptions = { clock: () => AT_MS },
): Promise<TrustRegistryError> {
  return withFile(text, async (file) => {
    const [bytes, { mtimeMs, ino }] = [await readFile(file), await stat(file)];
    const error = await editRegistryFile(file, edit, options).then(
      () => new Error("was not refused"),
      (error: unknown) => error,
    );
    const after = await stat(file);
    const isSame = bytes.equals(await readFile(file)) && after.mtimeMs === mtimeMs && after.ino === ino;
    if (!isSame) throw new Error("the file was changed");
    if (error instanceof TrustRegistryError) return error;
    throw error;
  });
}

export function parse(text: string): TrustRegistry {
  return parseTrustRegistry(text, { requireAgents: false });
}

export function entriesOf(registry: TrustRegistry): Readonly<Record<TrustSection, readonly TrustEntry[]>> {
  return {
    roots: [...registry.entries("roots")],
    agents: [...registry.entries("agents")],
    servers: [...registry.entries("servers")],
  };
}

/** Lines that are in one text and not in the other, as `diff` has them, for texts whose changes are few and near. */
export function changedLines(before: string, after: string): readonly string[] {
  const [old, next] = [before.split("\n"), after.split("\n")];
  const lengths = commonLengths(old, next);
  const changes: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length) {
    const down = lengths[i + 1]?.[j] ?? -1;
    const right = lengths[i]?.[j + 1] ?? -1;
    if (i < old.length && j < next.length && old[i] === next[j]) {
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= next.length || down >= right)) {
      changes.push(`-${old[i++] ?? ""}`);
    } else {
      changes.push(`+${next[j++] ?? ""}`);
    }
  }
  return changes;
}

/** For each pair of places, how many lines can be kept from there on. */
function commonLengths(old: readonly string[], next: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: old.length + 1 }, () =>
    Array.from({ length: next.length + 1 }, () => 0),
  );
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = next.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row === undefined) continue;
      const skip = Math.max(lengths[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
      row[j] = old[i] === next[j] ? 1 + (lengths[i + 1]?.[j + 1] ?? 0) : skip;
    }
  }
  return lengths;
}

export function rotation(
  section: TrustSection,
  id: string,
  more: { readonly overlapUntilMs?: number; readonly newName?: string; readonly newOwner?: string } = {},
): RegistryEdit {
  return { kind: "rotate", section, id, newId: "new-1", newPubkey: keyOf("new-1"), ...more };
}

export function addition(section: TrustSection, more: object = {}): RegistryEdit {
  const entry = { id: "new-1", name: "new", owner: "platform-team", pubkey: keyOf("new-1"), ...more };
  return { kind: "add", section, entry };
}
