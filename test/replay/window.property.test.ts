import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryReplayStore } from "../../src/replay/memory.js";
import { ALICE, BOB, PinnedClock, START, outcomeOf } from "./harness.js";

const MAX_AGE_MS = 300_000;
const SKEW_MS = 30_000;
const MARGIN_MS = 1000;
const BUCKET_MS = 5000;
const KEYS = [ALICE, BOB];

/** Distances at which something changes: the window, the skew, the expiry, a time bucket, and all of a leap. */
const EDGES = [
  0,
  1,
  SKEW_MS,
  MAX_AGE_MS,
  MAX_AGE_MS + SKEW_MS,
  MARGIN_MS,
  BUCKET_MS,
  331_000,
  336_000,
  86_400_000,
];

const distance = fc
  .tuple(fc.constantFrom(...EDGES), fc.integer({ min: -2, max: 2 }), fc.boolean())
  .map(([edge, off, back]) => (back ? -edge : edge) + off);

/** A receipt is its signer, nonce and time: few nonces, so that they meet, and a few reused by another receipt. */
const receipt = fc.record({
  key: fc.constantFrom(...KEYS),
  nonce: fc.constantFrom("a", "b", "c"),
  offset: fc.oneof(distance, fc.integer({ min: -MAX_AGE_MS, max: MAX_AGE_MS })),
});

/** Sends one of the receipts, then moves the clock. */
const step = fc.record({
  which: fc.nat({ max: 5 }),
  move: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, distance),
});

type Receipt = { key: (typeof KEYS)[number]; nonce: string; issuedAtMs: number };

/** The time window as the verifier has it. */
function isInWindow({ issuedAtMs }: Receipt, now: number): boolean {
  return now - MAX_AGE_MS <= issuedAtMs && issuedAtMs <= now + SKEW_MS;
}

function send(
  store: ReturnType<typeof createMemoryReplayStore>,
  { key, nonce, issuedAtMs }: Receipt,
): unknown {
  const expiresAtMs = issuedAtMs + MAX_AGE_MS + SKEW_MS + MARGIN_MS;
  return outcomeOf(() => store.claim(key, nonce, expiresAtMs, issuedAtMs));
}

const receipts = fc.array(receipt, { minLength: 6, maxLength: 6 });
const steps = fc.array(step, { minLength: 1, maxLength: 80 });

describe("the memory store over every edge of window, skew and expiry", () => {
  it("never grants a receipt twice, wherever the clock goes", () => {
    fc.assert(
      fc.property(receipts, steps, (offsets, moves) => {
        const clock = new PinnedClock();
        const store = createMemoryReplayStore({ clock: clock.read });
        const known = offsets.map(({ key, nonce, offset }) => ({
          key,
          nonce,
          issuedAtMs: START + Math.abs(offset),
        }));
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
        const known = offsets.map(({ key, nonce, offset }) => ({
          key,
          nonce,
          issuedAtMs: START + Math.abs(offset),
        }));
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
        const known = offsets.map(({ key, nonce, offset }) => ({
          key,
          nonce,
          issuedAtMs: START + Math.abs(offset),
        }));
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
