import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { TrustRegistryError } from "../../../src/errors.js";
import type { RegistryEdit } from "../../../src/trust/edit/index.js";
import type { TrustEntry, TrustSection } from "../../../src/trust/types.js";
import { keyOf, registryJson, registryYaml } from "../support/registry-text.js";
import { AT_MS, addition, changedLines, editText, entriesOf, parse, rotation } from "./support/edit-file.js";
import type { Edited } from "./support/edit-file.js";
import { editOf, randomRegistry } from "./support/random-registry.js";

type Sections = Readonly<Record<TrustSection, readonly TrustEntry[]>>;

/** What the sections have to be after an edit, told apart from how it is done. */
function expected(before: Sections, edit: RegistryEdit): Sections {
  const list = before[edit.section];
  const created = { status: "active", createdAtMs: AT_MS } as const;
  if (edit.kind === "add") {
    const { id, name, owner, tools, targets } = edit.entry;
    const entry = {
      id,
      name,
      owner,
      pubkey: keyOf(id),
      ...created,
      ...(targets && { targets }),
      ...(tools && { tools }),
    };
    return { ...before, [edit.section]: [...list, entry] };
  }
  const change = (entry: TrustEntry): TrustEntry => {
    if (edit.kind === "revoke") return { ...entry, status: "revoked", revokedAtMs: AT_MS };
    if (edit.kind === "disable" || edit.overlapUntilMs === undefined) {
      return { ...entry, status: "disabled", disabledAtMs: AT_MS };
    }
    return { ...entry, expiresAtMs: edit.overlapUntilMs };
  };
  const changed = list.map((entry) => (entry.id === edit.id ? change(entry) : entry));
  const old = list.find(({ id }) => id === edit.id);
  if (edit.kind !== "rotate" || old === undefined) return { ...before, [edit.section]: changed };
  const { expiresAtMs: _, ...kept } = old;
  const comment = `rotated from ${old.id}`;
  const added = { ...kept, id: edit.newId, pubkey: keyOf(edit.newId), ...created, comment };
  return { ...before, [edit.section]: [...changed, added] };
}

/** Lines that an edit may take away: each is there again with another value. */
const REPLACED = /^-(?:\s*(?:-\s+)?(?:generated_at|status|expires_at): |\s*-\s+\{ |\w+:\s+\[ ?\])/;
/** Lines that an edit may put in. */
const PUT_IN =
  /^\+(?:\s*$|\s*(?:-\s+)?(?:generated_at|status|\w+_at|id|name|owner|pubkey|targets|tools|limits|principal|comment): |\s*-\s+\{ |\w+: *(?:#.*)?\r?$)/;

describe("an edit of any registry", () => {
  it("does what was asked, and leaves every other line as it was", async () => {
    const cases = randomRegistry.chain((registry) =>
      fc.record({ registry: fc.constant(registry), edit: editOf(registry) }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ registry, edit }) => {
        const { text } = registry;
        const before = parse(text);
        const edited = await editText(text, edit);
        expect(entriesOf(edited.registry)).toEqual(expected(entriesOf(before), edit));
        expect(edited.registry.header).toEqual({ ...before.header, generatedAtMs: AT_MS });
        expect(edited.text.endsWith("\n")).toBe(text.endsWith("\n"));
        expect(/(?<!\r)\n/.test(edited.text)).toBe(/(?<!\r)\n/.test(text));
        const changes = changedLines(withLastBreak(text), withLastBreak(edited.text));
        const removed = changes.filter((line) => line.startsWith("-"));
        expect(removed.filter((line) => !REPLACED.test(line))).toEqual([]);
        expect(removed.length).toBeLessThanOrEqual(2);
        expect(changes.filter((line) => line.startsWith("+") && !PUT_IN.test(line))).toEqual([]);
        expect(commentsOf(edited.text)).toEqual(commentsOf(text));
      }),
      { numRuns: 300 },
    );
  });
});

describe("an edit of a text that is nearly a registry", () => {
  // prettier-ignore
  const pieces = fc.constantFrom(
    " ", "  ", "\n", "\n\n", "\n  ", "\t", "\r", "#", " # c\n", "# c\n", "- ", "-", "? ", ": ", ":", ",", "[", "]", "{", "}", "[]", "{ }",
    '"', "'", "|\n", ">-\n", "|+\n", "&a ", "*a", "!!str ", "---\n", "...\n", "\uFEFF", "status: active\n", "agents: []\n", "\\n",
  );
  const edits = fc.constantFrom<RegistryEdit>(
    { kind: "disable", section: "agents", id: "bot" },
    rotation("agents", "bot"),
    addition("agents", { tools: ["a"] }),
    addition("roots"),
    addition("servers"),
  );
  const agent = "tools: [a, b]\nlimits: { max_calls: 1, window_seconds: 2 }\ncomment: |\n      x\n";
  const texts = fc.constantFrom(
    registryYaml({ agent }),
    `${registryYaml({ top: "roots: []" })}# end\n`,
    registryJson(),
    registryJson().replaceAll('"', "").replaceAll("ed25519: ", "ed25519:"),
  );
  const cases = texts.chain((text) =>
    fc.record({
      text: fc
        .array(fc.record({ at: fc.nat(text.length), length: fc.nat(3), piece: pieces }), { maxLength: 3 })
        .map((changes) =>
          changes.reduce(
            (now, { at, length, piece }) => now.slice(0, at) + piece + now.slice(at + length),
            text,
          ),
        ),
      edit: edits,
    }),
  );

  it("does what was asked, or is refused", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ text, edit }) => {
        const edited = await editText(text, edit).catch((error: unknown) => error);
        if (!(edited instanceof TrustRegistryError)) {
          expect(entriesOf(parse((edited as Edited).text))).toEqual(expected(entriesOf(parse(text)), edit));
        }
      }),
      { numRuns: 600 },
    );
  });
});

/** The last line would differ from itself if one came after it. */
function withLastBreak(text: string): string {
  return text.endsWith("\n") ? text : `${text}${text.includes("\r\n") ? "\r\n" : "\n"}`;
}

function commentsOf(text: string): readonly string[] {
  return text.match(/(?<=^|\s)#[^\r\n]*/gm) ?? [];
}
