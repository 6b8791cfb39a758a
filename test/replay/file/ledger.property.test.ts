import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CounterTable } from "../../../src/replay/counters/counter-table.js";
import type { Charge } from "../../../src/replay/counters/charge.js";
import { Ledger } from "../../../src/replay/file/ledger.js";
import type { LedgerOutcome } from "../../../src/replay/file/ledger.js";
import { Sweeper } from "../../../src/replay/file/sweeper.js";
import { nonceId, signerId } from "../../../src/replay/nonce-id.js";
import { START } from "../harness.js";
import { expiryOf, isInWindow, receipts, receiptsFrom, steps } from "../window-moves.js";
import type { Receipt } from "../window-moves.js";
import { MapRecords } from "./map-records.js";

const LIMITS = { capacity: 1000, perSignerShare: 1000, notBeforeMs: 0 };

/** Two processes on the same records, each with a sweeper of its own. */
class Processes {
  readonly records = new MapRecords();
  readonly #sweepers = [new Sweeper(Buffer.alloc(32)), new Sweeper(Buffer.alloc(32, 0x80))];
  #turn = 0;

  transact<T>(nowMs: number, work: (ledger: Ledger) => T): T {
    const ledger = new Ledger(this.records, LIMITS);
    const result = work(ledger);
    const sweeper = this.#sweepers[this.#turn++ % 2];
    if (sweeper !== undefined) ledger.finish(sweeper, nowMs);
    return result;
  }

  send(receipt: Receipt, nowMs: number): LedgerOutcome {
    const { key, nonce, issuedAtMs } = receipt;
    const claim = {
      id: nonceId(key, nonce),
      signer: signerId(key),
      expiresAtMs: expiryOf(receipt),
      issuedAtMs,
    };
    return this.transact(nowMs, (ledger) => ledger.claim(claim, nowMs));
  }
}

describe("the ledger of the file store over every edge of window, skew and expiry", () => {
  it("never grants a receipt twice, wherever the clock goes", () => {
    fc.assert(
      fc.property(receipts, steps, (offsets, moves) => {
        const processes = new Processes();
        const known = receiptsFrom(START, offsets);
        const granted = new Set<string>();
        let now = START;
        for (const { which, move } of moves) {
          const sent = known[which];
          if (sent !== undefined && isInWindow(sent, now) && processes.send(sent, now) === "claimed") {
            expect(granted).not.toContain(JSON.stringify(sent));
            granted.add(JSON.stringify(sent));
          }
          now += move;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("grants a nonce to one receipt only, while any that has it can pass, as long as the clock does not go back", () => {
    fc.assert(
      fc.property(receipts, steps, (offsets, moves) => {
        const processes = new Processes();
        const known = receiptsFrom(START, offsets);
        const granted = new Map<string, Receipt>();
        let now = START;
        for (const { which, move } of moves) {
          const sent = known[which];
          if (sent !== undefined && isInWindow(sent, now)) {
            const id = sent.key + sent.nonce;
            const before = granted.get(id);
            const outcome = processes.send(sent, now);
            if (before === undefined) expect(outcome).toBe("claimed");
            else if (isInWindow(before, now)) expect(outcome).toBe("replayed");
            if (outcome === "claimed") granted.set(id, sent);
          }
          now += Math.abs(move);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("counts as the counters in memory do", () => {
    const charge = fc
      .record({ id: fc.constantFrom("a", "b", "c"), max: fc.nat({ max: 100 }) })
      .map(({ id, max }): Charge => {
        if (id === "c") return { id, max: max % 6, expiresAtMs: START + 50_000 };
        return { id, max, windowMs: id === "a" ? 1000 : 64_000 };
      });
    const step = fc.record({
      charges: fc.uniqueArray<Charge, string>(charge, {
        minLength: 1,
        maxLength: 3,
        selector: ({ id }) => id,
      }),
      isRefund: fc.boolean(),
      move: fc.oneof(fc.constantFrom(0, 1, 999, 1000, 63_999), fc.nat({ max: 3000 })),
      times: fc.constantFrom(1, 1, 1, 70),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (moves) => {
        const processes = new Processes();
        const table = new CounterTable();
        let now = START;
        for (const { charges, isRefund, move, times } of moves) {
          for (let time = 0; time < times; time++) {
            const at = now;
            if (isRefund) {
              processes.transact(at, (ledger) => ledger.refund(charges, at));
              table.refund(charges, at);
            } else {
              const outcome = processes.transact(at, (ledger) => ledger.charge(charges, at));
              expect(outcome).toEqual(table.charge(charges, at));
            }
          }
          now += move;
        }
      }),
      { numRuns: 300 },
    );
  });
});
