import { describe, expect, it } from "vitest";
import { OptionError, ReplayStoreError } from "../../src/errors.js";
import { replayStoreContract } from "../../src/replay/contract.js";
import type { ReplayStoreHarness } from "../../src/replay/contract.js";
import type { ClaimOutcome, ReplayStore } from "../../src/replay/types.js";
import { pinnedHarness } from "./harness.js";

/** What is wrong with a store. Each is a mistake found in a real library. */
interface Mistake {
  readonly evicts?: boolean;
  readonly forgetsEarlyMs?: number;
  readonly checksThenSaves?: boolean;
  readonly ignoresKey?: boolean;
  readonly joinsBare?: boolean;
  readonly neverForgets?: boolean;
  readonly sharesRoom?: boolean;
  readonly takesAnyTime?: boolean;
  readonly worksClosed?: boolean;
}

/** A plain store over a map, right in all but the mistake it is given. */
class PlainStore implements ReplayStore {
  readonly #nonces = new Map<string, { key: string; expiresAtMs: number }>();
  readonly #clock: () => number;
  readonly #limits: { readonly capacity?: number; readonly perSignerShare?: number };
  readonly #mistake: Mistake;
  #closed = false;

  constructor(clock: () => number, limits: Parameters<ReplayStoreHarness["open"]>[0], mistake: Mistake) {
    this.#clock = clock;
    this.#limits = limits;
    this.#mistake = mistake;
  }

  async claim(key: string, nonce: string, expiresAtMs: number, issuedAtMs: number): Promise<ClaimOutcome> {
    if (this.#closed && this.#mistake.worksClosed !== true)
      throw new ReplayStoreError("replay_unavailable", "closed");
    const areTimes = [expiresAtMs, issuedAtMs].every((time) => Number.isSafeInteger(time) && time >= 0);
    if (!areTimes && this.#mistake.takesAnyTime !== true)
      throw new OptionError("invalid_option", "time", "no time");
    this.#forget();
    const id = this.#id(key, nonce);
    const known = this.#nonces.has(id);
    if (this.#mistake.checksThenSaves === true) await Promise.resolve();
    if (known) return "replayed";
    this.#makeRoom(key);
    this.#nonces.set(id, { key, expiresAtMs });
    return "claimed";
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #id(key: string, nonce: string): string {
    if (this.#mistake.ignoresKey === true) return nonce;
    return this.#mistake.joinsBare === true ? key + nonce : JSON.stringify([key, nonce]);
  }

  #forget(): void {
    if (this.#mistake.neverForgets === true) return;
    const now = this.#clock() + (this.#mistake.forgetsEarlyMs ?? 0);
    for (const [id, { expiresAtMs }] of this.#nonces) if (expiresAtMs < now) this.#nonces.delete(id);
  }

  #makeRoom(key: string): void {
    const { capacity = Infinity, perSignerShare = Infinity } = this.#limits;
    const held = [...this.#nonces.values()].filter((entry) => entry.key === key).length;
    const isFull =
      this.#nonces.size >= capacity || (held >= perSignerShare && this.#mistake.sharesRoom !== true);
    if (!isFull) return;
    const [oldest] = this.#nonces.keys();
    if (this.#mistake.evicts !== true || oldest === undefined)
      throw new ReplayStoreError("replay_full", "full");
    this.#nonces.delete(oldest);
  }
}

function harnessOf(mistake: Mistake): ReplayStoreHarness {
  return pinnedHarness((clock, limits) => new PlainStore(clock, limits, mistake), {
    keptLongerMs: 0,
    limited: true,
  });
}

/** The names of the cases that a store does not hold. */
async function failures(harness: ReplayStoreHarness): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of replayStoreContract(harness)) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

describe("the contract of replay stores", () => {
  it("is held by a plain store that makes no mistake", async () => {
    expect(await failures(harnessOf({}))).toEqual([]);
  });

  it.each<[string, Mistake]>([
    ["evicts live nonces", { evicts: true }],
    ["forgets a millisecond early", { forgetsEarlyMs: 1 }],
    ["forgets before the skew is over", { forgetsEarlyMs: 300 }],
    ["looks first and writes later", { checksThenSaves: true }],
    ["has one namespace for all signers", { ignoresKey: true }],
    ["joins key and nonce without a border", { joinsBare: true }],
    ["never forgets", { neverForgets: true }],
    ["lets one signer take all room", { sharesRoom: true }],
    ["takes times that are none", { takesAnyTime: true }],
    ["answers when it is closed", { worksClosed: true }],
  ])("is broken by a store that %s", async (_, mistake) => {
    expect(await failures(harnessOf(mistake))).not.toEqual([]);
  });

  it("leaves out what the harness cannot show", () => {
    const all = harnessOf({});
    const names = (harness: ReplayStoreHarness): string[] =>
      replayStoreContract(harness).map(({ name }) => name);
    expect(new Set(names(all)).size).toBe(names(all).length);
    expect(names({ ...all, limited: false }).length).toBeLessThan(names(all).length);
    expect(names({ ...all, pinned: false }).length).toBe(names(all).length - 1);
    expect(names({ ...all, openAgain: () => all.open({}) }).length).toBe(names(all).length + 1);
  });

  it("is broken by a second handle that does not see what the first took", async () => {
    const harness = harnessOf({});
    expect(await failures({ ...harness, openAgain: () => harness.open({}) })).toHaveLength(1);
  });
});
