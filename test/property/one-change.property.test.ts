import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import { isRefusalCode } from "../../src/server.js";
import { expectAcceptedCall } from "../attack/support/expect.js";
import { openStand } from "../attack/support/stand.js";
import type { Stand } from "../attack/support/stand.js";
import { at, callMessage } from "../attack/support/wire.js";
import type { Wire } from "../attack/support/wire.js";
import { jsonValues } from "../support/json-values.js";

const ID = 4711;

describe("a signed message with one change", () => {
  it("is refused, whichever of its characters is replaced, doubled or left out", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({
      arguments: { path: "/etc", n: [1, -0.5, true, null], ü: "é\n" },
      expMs: later(stand),
    });
    const text = JSON.stringify(genuine);
    for (let i = 0; i < text.length; i++) {
      const character = text.charAt(i);
      for (const other of ["", character + character, String.fromCharCode(text.charCodeAt(i) ^ 1)]) {
        await expectRefusedOrEqual(stand, wire, text, text.slice(0, i) + other + text.slice(i + 1));
      }
    }
    await expectAcceptedCall(stand, wire, genuine);
  });

  it("is refused, or the very same JSON value, whatever was signed and whatever is changed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const argument = fc.dictionary(fc.string({ maxLength: 5 }), jsonValues(), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    });
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat({ max: 2 }),
      insert: fc.oneof(
        fc.string({ maxLength: 2 }),
        fc.constantFrom(" ", "\n", "0", "-", ".", "e", '"', "\\", "{}", "[]", ",", ":", "null", "\u200b"),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        argument,
        fc.boolean(),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        async (args, hashOnly, changes) => {
          const genuine = await stand.sign({ arguments: args, hashOnly });
          const text = JSON.stringify(genuine);
          for (const { at: where, remove, insert } of changes) {
            const position = Math.floor(where * text.length);
            await expectRefusedOrEqual(
              stand,
              wire,
              text,
              text.slice(0, position) + insert + text.slice(position + remove),
            );
          }
        },
      ),
      { numRuns: 150 },
    );
    await expectAcceptedCall(stand, wire, await stand.sign());
  });
});

async function expectRefusedOrEqual(stand: Stand, wire: Wire, text: string, changed: string): Promise<void> {
  const params = parse(changed);
  if (params === undefined) return;
  const runs = stand.runs();
  const answers = wire.answersTo(ID).length;
  wire.post(JSON.stringify(callMessage("HERE", ID)).replace('"HERE"', () => changed));
  const answer = await wire.answer(ID, answers + 1);
  wire.transport.sent.length = 0;
  if (stand.runs() > runs) expect(plain(params)).toEqual(plain(parse(text)));
  else expect(at(answer, "error", "data", "reason")).toSatisfy(isRefusalCode);
}

function parse(text: string): JsonRecord | undefined {
  try {
    return JSON.parse(text) as JsonRecord;
  } catch {
    // No JSON, so no message: no transport hands it on.
    return undefined;
  }
}

/** JSON knows one zero. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function later({ clock }: Stand): number {
  return clock() + 60_000;
}
