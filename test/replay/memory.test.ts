import { describe, expect, it } from "vitest";
import { inspect } from "node:util";
import { OptionError, ReplayStoreError } from "../../src/errors.js";
import { replayStoreContract } from "../../src/replay/contract.js";
import { createMemoryReplayStore } from "../../src/replay/memory.js";
import type { MemoryReplayStore, MemoryReplayStoreOptions } from "../../src/replay/memory.js";
import { ALICE, BOB, PinnedClock, START, outcomeOf, pinnedHarness } from "./harness.js";

const BUCKET_MS = 5000;
const LIFE_MS = 331_000;

/** A store, its clock, and claims of receipts dated `issuedAtMs` that live for five and a half minutes. */
function setUp(options: Omit<MemoryReplayStoreOptions, "clock"> = {}) {
  const clock = new PinnedClock();
  const store = createMemoryReplayStore({ ...options, clock: clock.read });
  const claim = (nonce: string, issuedAtMs = clock.now, key = ALICE): unknown => {
    return outcomeOf(() => store.claim(key, nonce, issuedAtMs + LIFE_MS, issuedAtMs));
  };
  return { clock, store, claim };
}

describe("the memory store holds the contract", () => {
  const harness = pinnedHarness((clock, limits) => createMemoryReplayStore({ ...limits, clock }), {
    keptLongerMs: BUCKET_MS,
    limited: true,
    counts: true,
  });
  it.each(replayStoreContract(harness))("$name", ({ run }) => run());
});

describe("the memory store", () => {
  it("answers at once, so that a call can go on in the same turn of the loop", () => {
    const { store } = setUp();
    expect(store.claim(ALICE, "n", START + LIFE_MS, START)).toBe("claimed");
  });

  it("says when it began to remember, and refuses receipts from before", () => {
    const { store, claim } = setUp();
    expect(store.startedAtMs).toBe(START);
    expect(claim("n", START - 1)).toBe("issued_before_start");
    expect(claim("n", START)).toBe("claimed");
  });

  it("holds a million nonces and half of them for one signer unless told otherwise", () => {
    expect(createMemoryReplayStore().health()).toMatchObject({
      capacity: 1_000_000,
      perSignerShare: 500_000,
    });
    expect(createMemoryReplayStore({ capacity: 3 }).health()).toMatchObject({
      capacity: 3,
      perSignerShare: 2,
    });
    expect(createMemoryReplayStore({ capacity: 1 }).health()).toMatchObject({
      capacity: 1,
      perSignerShare: 1,
    });
  });

  it("says a replay is a replay even when it is full", () => {
    const { claim } = setUp({ capacity: 2, perSignerShare: 1 });
    expect(claim("n")).toBe("claimed");
    expect(claim("m")).toBe("replay_full");
    expect(claim("n", START, BOB)).toBe("claimed");
    expect([claim("n"), claim("n", START, BOB)]).toEqual(["replayed", "replayed"]);
    expect(claim("n", START, "ed25519:carol")).toBe("replay_full");
  });

  it("counts what is live, and lets go of it with its time", () => {
    const { clock, store, claim } = setUp();
    for (let index = 0; index < 2000; index++) claim(`n${index}`);
    expect(store.health()).toEqual({
      kind: "memory",
      ready: true,
      liveNonces: 2000,
      capacity: 1_000_000,
      perSignerShare: 500_000,
    });
    clock.now += LIFE_MS + BUCKET_MS + 1;
    claim("n");
    expect(store.health().liveNonces).toBe(1);
  });

  it("gives a signer its whole share back at once, however long nobody called", () => {
    const { clock, claim } = setUp({ capacity: 20_000, perSignerShare: 10_000 });
    for (let index = 0; index < 10_000; index++) claim(`n${index}`);
    expect(claim("more")).toBe("replay_full");
    claim("another's", clock.now + LIFE_MS, BOB);
    clock.now += LIFE_MS + BUCKET_MS + 1;
    for (let index = 0; index < 10_000; index++) expect(claim(`again ${index}`)).toBe("claimed");
    expect(claim("more")).toBe("replay_full");
  });

  it("keeps what it knows to itself", () => {
    const { store, claim } = setUp();
    claim("a-nonce");
    expect(inspect(store, { depth: 9, showHidden: true })).not.toMatch(/a-nonce|alice/u);
    expect(JSON.parse(JSON.stringify(store))).toEqual({ startedAtMs: START });
  });
});

describe("the memory store and a clock that moves", () => {
  it("refuses a copy after the clock leapt ahead, forgot, and came back", () => {
    const { clock, claim } = setUp();
    expect(claim("n")).toBe("claimed");
    clock.now += 24 * 3_600_000;
    expect(claim("tomorrow")).toBe("claimed");
    clock.now = START;
    expect(claim("n")).toBe("replay_unavailable");
    expect(claim("tomorrow", START + 24 * 3_600_000)).toBe("replayed");
  });

  it("refuses a copy after the clock leapt ahead and came back between two calls", () => {
    const { clock, claim } = setUp();
    expect(claim("n")).toBe("claimed");
    clock.now += 24 * 3_600_000;
    clock.now = START;
    expect(claim("n")).toBe("replayed");
  });

  it("takes fresh calls again soon after such a leap, not only when the clock has caught up", () => {
    const { clock, claim } = setUp();
    claim("n");
    clock.now += 24 * 3_600_000;
    claim("tomorrow");
    clock.now = START + 2 * BUCKET_MS;
    expect(claim("m")).toBe("claimed");
    expect(claim("m")).toBe("replayed");
  });

  it("refuses what it may have forgotten when the clock is set back", () => {
    const { clock, claim } = setUp();
    claim("n");
    clock.now += LIFE_MS + BUCKET_MS + 1;
    claim("later");
    clock.now -= LIFE_MS;
    expect(claim("n", START)).toBe("replay_unavailable");
    expect(claim("never seen", START)).toBe("replay_unavailable");
    expect(claim("later", START + LIFE_MS + BUCKET_MS + 1)).toBe("replayed");
  });

  it("drops nothing while the clock gives no time", () => {
    const { clock, claim } = setUp({ capacity: 2, perSignerShare: 2 });
    claim("n");
    clock.now = Number.NaN;
    expect(claim("n", START)).toBe("replayed");
    expect(claim("m", START)).toBe("claimed");
    expect(claim("o", START)).toBe("replay_full");
  });
});

describe("the options of the memory store", () => {
  it.each<[string, object]>([
    ["options.capacity", { capacity: 0 }],
    ["options.capacity", { capacity: 1.5 }],
    ["options.capacity", { capacity: 1e9 }],
    ["options.capacity", { capacity: "many" }],
    ["options.perSignerShare", { perSignerShare: 0 }],
    ["options.perSignerShare", { capacity: 10, perSignerShare: 11 }],
    ["options.clock", { clock: 5 }],
    ["options.clock", { clock: () => Number.NaN }],
    ["options.capactiy", { capactiy: 10 }],
  ])("are refused by the name of %s: %o", (option, options) => {
    const make = (): MemoryReplayStore => createMemoryReplayStore(options);
    expect(make).toThrow(OptionError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });

  it("names the argument of a claim that is no time", () => {
    const { store } = setUp();
    const claim = (): unknown => store.claim(ALICE, "n", START, Number.NaN);
    expect(claim).toThrow(expect.objectContaining({ code: "invalid_option", option: "issuedAtMs" }));
  });

  it("refuses with errors of its own class", () => {
    const { store } = setUp();
    expect(() => store.claim(ALICE, "n", START, START - 1)).toThrow(ReplayStoreError);
  });
});
