import * as fc from "fast-check";

import type { RegistryEdit } from "../../../../src/trust/edit/index.js";
import { keyOf } from "../../support/registry-text.js";
import { AT_MS } from "./edit-file.js";

/** An entry as a person might have written it. */
export interface RandomEntry {
  readonly id: string;
  readonly status: "active" | "disabled" | "revoked";
  readonly hasExpiry: boolean;
  /** One line of YAML each, `name: value`, in any order. */
  readonly fields: readonly string[];
  readonly inBraces: boolean;
}

export interface RandomRegistry {
  readonly text: string;
  readonly agents: readonly RandomEntry[];
  readonly servers: readonly RandomEntry[];
}

const comment = fc.constantFrom("", "", "", " # c", '  # "quoted": [x, {', " # - id: no");
const fillers = fc.array(
  fc.constantFrom("", "# c", "  # c", "      # d", "# - id: x", "    # status: active"),
  {
    maxLength: 2,
  },
);

function quotedText(text: string): fc.Arbitrary<string> {
  return fc.constantFrom(text, `"${text}"`, `'${text}'`);
}

function entry(id: string): fc.Arbitrary<RandomEntry> {
  const parts = fc.record({
    status: fc.constantFrom("active", "active", "active", "disabled", "revoked"),
    hasExpiry: fc.boolean(),
    restrictions: fc.subarray([
      'tools: [a, "list_*"]',
      "limits: { max_calls: 1, window_seconds: 60 }",
      "principal: agent://acme/x",
    ]),
    inBraces: fc.boolean(),
    order: fc.array(fc.nat(100), { minLength: 12, maxLength: 12 }),
    quotes: fc.tuple(quotedText(id), quotedText("platform-team"), quotedText("2026-11-01T00:00:00Z")),
  });
  return parts.chain(({ status, hasExpiry, restrictions, inBraces, order, quotes: [name, owner, created] }) =>
    quotedText(status).map((statusText): RandomEntry => {
      const fields = [
        `id: ${id}`,
        `name: ${name}`,
        `owner: ${owner}`,
        `pubkey: ${keyOf(id)}`,
        `status: ${statusText}`,
        `created_at: ${created}`,
        ...(hasExpiry ? ["expires_at: 2027-11-01T00:00:00Z"] : []),
        ...(status === "active" ? [] : [`${status}_at: 2026-11-02T00:00:00Z`]),
        ...(id.startsWith("agent") ? restrictions : []),
      ];
      const shuffled = fields
        .map((field, index) => ({ field, rank: order[index] ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ field }) => field);
      return { id, status, hasExpiry, fields: shuffled, inBraces };
    }),
  );
}

function entries(prefix: string, minLength: number): fc.Arbitrary<readonly RandomEntry[]> {
  return fc
    .integer({ min: minLength, max: 3 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => entry(`${prefix}-${index}`))));
}

/** Lines of a section. Comments stand between them, behind them, and between entries. */
function section(name: string, list: readonly RandomEntry[]): fc.Arbitrary<readonly string[]> {
  if (list.length === 0) return fc.constantFrom([], [`${name}: []`], [`${name}:   [ ]   # none`]);
  const count = list.reduce((sum, { fields }) => sum + fields.length + 1, 1);
  return fc
    .record({
      column: fc.constantFrom(0, 2, 4),
      gap: fc.constantFrom(" ", "   "),
      comments: fc.array(comment, { minLength: count, maxLength: count }),
      between: fc.array(fillers, { minLength: count, maxLength: count }),
    })
    .map(({ column, gap, comments, between }) => {
      let at = 0;
      const lines = [`${name}:${comments[at] ?? ""}`];
      const push = (line: string): void => {
        at += 1;
        lines.push(`${line}${comments[at] ?? ""}`, ...(between[at] ?? []));
      };
      for (const { fields, inBraces } of list) {
        const dash = `${" ".repeat(column)}-${gap}`;
        if (inBraces) push(`${dash}{ ${fields.join(", ")} }`);
        else
          fields.forEach((field, index) => push(`${index === 0 ? dash : " ".repeat(dash.length)}${field}`));
      }
      return lines;
    });
}

export const randomRegistry: fc.Arbitrary<RandomRegistry> = fc
  .tuple(entries("agent", 1), entries("server", 0))
  .chain(([agents, servers]) =>
    fc
      .record({
        sections: fc.tuple(section("agents", agents), section("servers", servers)),
        swapped: fc.boolean(),
        headers: fc.constantFrom("", "# top\n", "---\n", "# top\n\n---\n# c\n"),
        generated: quotedText("2026-11-23T00:00:00Z"),
        footer: fc.constantFrom("", "# end\n", "\n\n# end\n# of all\n", "...\n"),
        lineBreak: fc.constantFrom("\n", "\r\n"),
        isEnded: fc.boolean(),
      })
      .map(({ sections, swapped, headers, generated, footer, lineBreak, isEnded }): RandomRegistry => {
        const header = `version: 1\nbundle_id: tb_test\norg: acme # o\nenv: test\ngenerated_at: ${generated} # g\n\n`;
        const lines = (swapped ? sections.toReversed() : sections).flat();
        const whole = `${headers}${header}${lines.join("\n")}\n${footer}`;
        const text = isEnded || footer === "...\n" ? whole : whole.slice(0, -1);
        return { text: text.replaceAll("\n", lineBreak), agents, servers };
      }),
  );

/** An edit that the registry allows. */
export function editOf({ agents, servers }: RandomRegistry): fc.Arbitrary<RegistryEdit> {
  const more = { newId: "new-1", newPubkey: keyOf("new-1") };
  const adds = (["agents", "servers", "roots"] as const).map((section): RegistryEdit => {
    const entry = { id: "new-1", name: "new one", owner: "no", pubkey: keyOf("new-1"), targets: ["mcp://x"] };
    const { targets: _, ...root } = entry;
    return { kind: "add", section, entry: section === "roots" ? root : entry };
  });
  const edits = [...agents, ...servers].flatMap(({ id, status }): RegistryEdit[] => {
    const named = { section: id.startsWith("agent") ? "agents" : "servers", id } as const;
    const revoke: RegistryEdit = { kind: "revoke", ...named };
    if (status !== "active") return status === "disabled" ? [revoke] : [];
    const rotate = { kind: "rotate", ...named, ...more } as const;
    return [revoke, { kind: "disable", ...named }, rotate, { ...rotate, overlapUntilMs: AT_MS + 5000 }];
  });
  return fc.constantFrom(...edits, ...edits, ...adds);
}
