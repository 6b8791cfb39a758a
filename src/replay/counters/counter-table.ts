import { chargeCounter, refundCounter } from "./counter.js";
import type { Counter } from "./counter.js";
import type { Charge, ChargeOutcome } from "./charge.js";

/** How many counters a charge looks at to see whether they are needed any more. More than it can add. */
const LOOKED_AT_A_CHARGE = 2;

/** Counters in memory. One that counts nothing any more costs none. */
export class CounterTable {
  readonly #counters = new Map<string, Counter>();
  #hand: MapIterator<[string, Counter]> | undefined;
  /** The time never goes back: a counter that was forgotten would count anew. */
  #nowMs = 0;

  /** How many are kept. */
  get size(): number {
    return this.#counters.size;
  }

  /** Counts on all, or on none. */
  charge(charges: readonly Charge[], nowMs: number): ChargeOutcome {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const after: [string, Counter][] = [];
    for (const charge of charges) {
      const counter = chargeCounter(this.#counters.get(charge.id), charge, this.#nowMs);
      if (counter === undefined) return { exhausted: charge.id };
      after.push([charge.id, counter]);
    }
    for (const [id, counter] of after) {
      this.#counters.set(id, counter);
      this.#sweep();
    }
    return "charged";
  }

  refund(charges: readonly Charge[], nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    for (const charge of charges) {
      const counter = this.#counters.get(charge.id);
      if (counter !== undefined) this.#counters.set(charge.id, refundCounter(counter, charge, this.#nowMs));
    }
  }

  clear(): void {
    this.#counters.clear();
    this.#hand = undefined;
  }

  #sweep(): void {
    for (let looked = 0; looked < LOOKED_AT_A_CHARGE; looked++) {
      this.#hand ??= this.#counters.entries();
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = undefined;
        return;
      }
      const [id, { expiresAtMs }] = next.value;
      if (expiresAtMs <= this.#nowMs) this.#counters.delete(id);
    }
  }
}
