import { createHash } from "node:crypto";
import { chargeCounter, refundCounter } from "../counters/counter.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { Counter } from "../counters/counter.js";
import { bucketOf, BUCKET_MS } from "../expiry-bucket.js";
import { decodeCounter, encodeCounter, encodeNonce, expiryOf, issueOf, KIND, recordKey } from "./layout.js";
import type { Records } from "./records.js";
import { StoredTally } from "./stored-tally.js";
import type { Sweeper } from "./sweeper.js";

/** A nonce that is to be claimed. */
export interface LedgerClaim {
  /** 32 bytes that stand for the signer and the nonce. */
  readonly id: Uint8Array;
  /** 16 bytes that stand for the signer. */
  readonly signer: Uint8Array;
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
}

/** What a claim came to. `forgotten`: the nonce may be one of those that are not remembered any more. */
export type LedgerOutcome = "claimed" | "replayed" | "full" | "share_full" | "before_start" | "forgotten";

export interface LedgerLimits {
  readonly capacity: number;
  readonly perSignerShare: number;
  /** What was issued before this is refused, in milliseconds since the Unix epoch. */
  readonly notBeforeMs: number;
}

/** What is known of all nonces together. Not cleaned up: it has the horizon. */
const TOTAL_KEY = recordKey(KIND.meta, Buffer.from("total"));

/** One transaction on the records of the file store. Reads what it needs of what other processes wrote, and keeps the rest. */
export class Ledger {
  readonly #records: Records;
  readonly #limits: LedgerLimits;
  readonly #signers = new Map<string, { readonly key: Buffer; readonly tally: StoredTally }>();
  readonly #counters = new Map<string, { readonly key: Buffer; readonly counter: Counter | undefined }>();
  #total: StoredTally | undefined;
  #isTotalChanged = false;
  #claimed = 0;

  constructor(records: Records, limits: LedgerLimits) {
    this.#records = records;
    this.#limits = limits;
  }

  claim({ id, signer, expiresAtMs, issuedAtMs }: LedgerClaim, nowMs: number): LedgerOutcome {
    if (issuedAtMs < this.#limits.notBeforeMs) return "before_start";
    const key = recordKey(KIND.nonce, id);
    const held = this.#records.get(key);
    if (held !== undefined && expiryOf(held) + BUCKET_MS >= nowMs) return "replayed";
    if (held !== undefined) this.#raiseHorizon(issueOf(held));
    // What one guard keeps short another may accept for longer, and a clock may be set back.
    const total = this.#totalTally();
    if (issuedAtMs <= total.horizonMs) return "forgotten";
    const alive = bucketOf(nowMs);
    const own = this.#signerTally(signer);
    total.forgetBefore(alive);
    own.forgetBefore(alive);
    if (total.live >= this.#limits.capacity) return "full";
    if (own.live >= this.#limits.perSignerShare) return "share_full";
    this.#records.put(key, encodeNonce({ expiresAtMs, issuedAtMs }));
    const bucket = bucketOf(Math.max(expiresAtMs, nowMs));
    total.add(bucket);
    own.add(bucket);
    this.#isTotalChanged = true;
    this.#claimed += 1;
    return "claimed";
  }

  /** Counts on all of the counters, or on none. */
  charge(charges: readonly Charge[], nowMs: number): ChargeOutcome {
    const after: [string, Buffer, Counter][] = [];
    for (const charge of charges) {
      const { key, counter } = this.#counter(charge.id);
      const charged = chargeCounter(counter, charge, nowMs);
      if (charged === undefined) return { exhausted: charge.id };
      after.push([charge.id, key, charged]);
    }
    for (const [id, key, counter] of after) this.#counters.set(id, { key, counter });
    return "charged";
  }

  refund(charges: readonly Charge[], nowMs: number): void {
    for (const charge of charges) {
      const { key, counter } = this.#counter(charge.id);
      if (counter !== undefined) {
        this.#counters.set(charge.id, { key, counter: refundCounter(counter, charge, nowMs) });
      }
    }
  }

  /** Writes what changed, and cleans up a little. Comes last before the commit. */
  finish(sweeper: Sweeper, nowMs: number): void {
    if (this.#claimed > 0) {
      for (const { key, tally } of this.#signers.values()) this.#records.put(key, tally.bytes);
    }
    for (const { key, counter } of this.#counters.values()) {
      if (counter !== undefined) this.#records.put(key, encodeCounter(counter));
    }
    const forgotten = sweeper.sweep(this.#records, this.#claimed, nowMs - BUCKET_MS);
    if (forgotten !== undefined) this.#raiseHorizon(forgotten);
    if (this.#isTotalChanged) this.#records.put(TOTAL_KEY, this.#totalTally().bytes);
  }

  #totalTally(): StoredTally {
    this.#total ??= new StoredTally(this.#records.get(TOTAL_KEY));
    return this.#total;
  }

  #signerTally(signer: Uint8Array): StoredTally {
    const key = recordKey(KIND.tally, signer);
    const name = key.toString("latin1");
    const known = this.#signers.get(name);
    if (known !== undefined) return known.tally;
    const tally = new StoredTally(this.#records.get(key));
    this.#signers.set(name, { key, tally });
    return tally;
  }

  #counter(id: string): { readonly key: Buffer; readonly counter: Counter | undefined } {
    const known = this.#counters.get(id);
    if (known !== undefined) return known;
    const key = recordKey(KIND.counter, createHash("sha256").update(id).digest());
    const value = this.#records.get(key);
    const read = { key, counter: value === undefined ? undefined : decodeCounter(value) };
    this.#counters.set(id, read);
    return read;
  }

  /** What was issued no later than a nonce that was forgotten may have been forgotten too. */
  #raiseHorizon(issuedAtMs: number): void {
    const total = this.#totalTally();
    if (issuedAtMs <= total.horizonMs) return;
    total.horizonMs = issuedAtMs;
    this.#isTotalChanged = true;
  }
}
