import type { AgentReceipt } from "../../receipt/types.js";
import type { AgentOutcome } from "./check-agent.js";

/** Intents between a call and its answer, that is calls in flight, with room to spare. */
const MAX_RECEIPTS = 4096;
/** Bytes of a text that is remembered. */
const MAX_TEXT = 4096;

/** An agent's receipt that was checked. */
export interface KnownAgent {
  /** Its canonical text. */
  readonly whole: Uint8Array;
  readonly outcome: AgentOutcome;
  readonly ts: string;
  readonly target: string;
}

/**
 * The last agent receipts that were checked, with what came of it: a countersigned receipt mostly follows the intent that it
 * embeds, to the byte.
 */
export class AgentMemory {
  readonly #known = new Map<string, KnownAgent>();

  /** @param id - Of the receipt. Whether it is the same one, its text tells. */
  find(id: string): KnownAgent | undefined {
    return this.#known.get(id);
  }

  keep(receipt: AgentReceipt, whole: Uint8Array, outcome: AgentOutcome): KnownAgent {
    const known = { whole, outcome, ts: receipt.ts, target: receipt.action.target };
    if (whole.length > MAX_TEXT) return known;
    if (this.#known.size >= MAX_RECEIPTS) this.#forgetOldest();
    this.#known.set(receipt.id, known);
    return known;
  }

  clear(): void {
    this.#known.clear();
  }

  #forgetOldest(): void {
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
