import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryReplayStore } from "../../src/replay/memory.js";
import { PinnedClock, START, outcomeOf } from "./harness.js";
import { expiryOf, isInWindow, receipts, receiptsFrom, steps } from "./window-moves.js";
import type { Receipt } from "./window-moves.js";

function send(store: ReturnType<typeof createMemoryReplayStore>, receipt: Receipt): unknown {
  const { key, nonce, issuedAtMs } = receipt;
  return outcomeOf(() => store.claim(key, nonce, expiryOf(receipt), issuedAtMs));
}

describe("the memory store over every edge of window, skew and expiry", () => {
  it("never grants a receipt twice, wherever the clock goes", () => {
    fc.assert(
      fc.property(receipts, steps, (offsets, moves) => {
        const clock = new PinnedClock();
        const store = createMemoryReplayStore({ clock: clock.read });
        const known = receiptsFrom(START, offsets);
        const granted = new Map<string, number>();
        for (const { which, move } of moves) {
          const sent = known[which];
          if (sent !== undefined && isInWindow(sent, clock.now) && send(store, sent) === "claimed") {
            const id = JSON.stringify(sent);
            granted.set(id, (granted.get(id) ?? 0) + 1);
          }
          clock.now += move;
        }
        expect(Math.max(0, ...granted.values())).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it("grants a nonce to one receipt only, while any that has it can pass, as long as the clock does not go back", () => {
    fc.assert(
      fc.property(receipts, steps, (offsets, moves) => {
        const clock = new PinnedClock();
        const store = createMemoryReplayStore({ clock: clock.read });
        const known = receiptsFrom(START, offsets);
        const granted = new Map<string, Receipt>();
        for (const { which, move } of moves) {
          const sent = known[which];
          if (sent !== undefined && isInWindow(sent, clock.now)) {
            const id = sent.key + sent.nonce;
            const before = granted.get(id);
            const outcome = send(store, sent);
            if (before === undefined) expect(outcome).toBe("claimed");
            else if (isInWindow(before, clock.now)) expect(outcome).toBe("replayed");
            if (outcome === "claimed") granted.set(id, sent);
          }
          clock.now += Math.abs(move);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("grants nothing on both sides of a restart, when what is dated ahead is held until its time", () => {
    fc.assert(
      fc.property(receipts, steps, fc.nat({ max: 79 }), (offsets, moves, restartAt) => {
        const clock = new PinnedClock();
        let store = createMemoryReplayStore({ clock: clock.read });
        const known = receiptsFrom(START, offsets);
        const granted = new Set<string>();
        for (const [index, { which, move }] of moves.entries()) {
          const sent = known[which];
          if (sent !== undefined && isInWindow(sent, clock.now) && sent.issuedAtMs <= clock.now) {
            if (send(store, sent) === "claimed") {
              expect(granted).not.toContain(JSON.stringify(sent));
              granted.add(JSON.stringify(sent));
            }
          }
          clock.now += Math.abs(move);
          if (index === restartAt) {
            clock.now += 1;
            store = createMemoryReplayStore({ clock: clock.read });
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
