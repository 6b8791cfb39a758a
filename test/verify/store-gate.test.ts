import { describe, expect, it } from "vitest";
import type { ReplayHealth, ReplayStore } from "../../src/replay/types.js";
import { StoreGate } from "../../src/verify/store-gate.js";

/** A store that fails as long as it is told to, and notes what it is asked. */
class FailingStore implements ReplayStore {
  isDown = false;
  readonly asked: { readonly key: string; readonly nonce: string }[] = [];
  #ready = true;

  claim(key: string, nonce: string): "claimed" {
    this.asked.push({ key, nonce });
    this.#ready = !this.isDown;
    if (this.isDown) throw new Error("down");
    return "claimed";
  }

  health(): ReplayHealth {
    return { kind: "failing", ready: this.#ready };
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a look at a store that is not well", () => {
  it("claims a nonce of nobody's, now and then, until the store is well", async () => {
    const store = new FailingStore();
    const gate = new StoreGate(() => store, Date.now);
    gate.lookAgain();
    expect(store.asked).toEqual([]);
    store.isDown = true;
    const now = Date.now();
    void gate.claim({ key: "ed25519:alice", nonce: "n", expiresAtMs: now, issuedAtMs: now, charges: [] });
    gate.lookAgain();
    gate.lookAgain();
    expect(store.asked.slice(1)).toMatchObject([{ key: `ed25519:${"A".repeat(43)}=` }]);
    store.isDown = false;
    gate.lookAgain();
    expect(store.health().ready, "it was asked just now").toBe(false);
    await pause(300);
    gate.lookAgain();
    expect(store.health().ready).toBe(true);
    await pause(300);
    gate.lookAgain();
    expect(store.asked.length).toBe(3);
    expect(new Set(store.asked.map(({ nonce }) => nonce)).size).toBe(3);
  });

  it("is the try that an open circuit lets through", async () => {
    let answer: Promise<"claimed"> = new Promise(() => {});
    const states: string[] = [];
    const store: ReplayStore = { claim: () => answer };
    const gate = new StoreGate(() => store, Date.now, { circuit: (state) => void states.push(state) });
    const now = Date.now();
    await gate.claim({ key: "ed25519:alice", nonce: "n", expiresAtMs: now, issuedAtMs: now, charges: [] });
    expect(gate.health().circuit).toBe("open");
    answer = Promise.resolve("claimed");
    await pause(300);
    gate.lookAgain();
    await pause(0);
    expect(gate.health().circuit).toBe("closed");
    expect(states).toEqual(["open", "closed"]);
  });
});
