import { hash } from "node:crypto";

import type { AgentOutcome } from "./check-agent.js";

/** Intents between a call and its answer, that is calls in flight, with room to spare. */
const MAX_OUTCOMES = 8192;

/**
 * What came of the last agent receipts that were checked, by the hash of their text: a countersigned receipt mostly follows
 * the intent that it embeds, and their signature need not be checked twice.
 */
export class AgentMemory {
  readonly #outcomes = new Map<string, AgentOutcome>();

  find(whole: Uint8Array): AgentOutcome | undefined {
    return this.#outcomes.get(keyOf(whole));
  }

  keep(whole: Uint8Array, outcome: AgentOutcome): void {
    if (this.#outcomes.size >= MAX_OUTCOMES) {
      for (const oldest of this.#outcomes.keys()) {
        this.#outcomes.delete(oldest);
        break;
      }
    }
    this.#outcomes.set(keyOf(whole), outcome);
  }
}

function keyOf(whole: Uint8Array): string {
  return hash("sha256", whole, "base64");
}
