import { createHash } from "node:crypto";
import { chargeCounter, refundCounter } from "../counters/counter.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { Counter } from "../counters/counter.js";
import { bucketOf, BUCKET_MS } from "../expiry-bucket.js";
import type { ExpiryTally } from "../expiry-tally.js";
import {
  decodeCounter,
  decodeTally,
  encodeCounter,
  encodeNonce,
  encodeTally,
  expiryOf,
  issueOf,
  KIND,
  recordKey,
} from "./layout.js";
import type { Records } from "./records.js";
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

const TOTAL = Buffer.alloc(16);
const HORIZON_KEY = recordKey(KIND.meta, Buffer.from("forgotten"));

/** One transaction on the records of the file store. Reads what it needs of what other processes wrote, and keeps the rest. */
export class Ledger {
  readonly #records: Records;
  readonly #limits: LedgerLimits;
  readonly #tallies = new Map<string, { readonly key: Buffer; readonly tally: ExpiryTally }>();
  readonly #counters = new Map<string, { readonly key: Buffer; readonly counter: Counter | undefined }>();
  #horizonMs: number | undefined;
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
    if (issuedAtMs <= this.#horizon()) return "forgotten";
    const alive = bucketOf(nowMs);
    const total = this.#tally(TOTAL, alive);
    const own = this.#tally(signer, alive);
    if (total.live >= this.#limits.capacity) return "full";
    if (own.live >= this.#limits.perSignerShare) return "share_full";
    this.#records.put(key, encodeNonce({ expiresAtMs, issuedAtMs }));
    const bucket = bucketOf(Math.max(expiresAtMs, nowMs));
    total.add(bucket);
    own.add(bucket);
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
      for (const { key, tally } of this.#tallies.values()) this.#records.put(key, encodeTally(tally));
    }
    for (const { key, counter } of this.#counters.values()) {
      if (counter !== undefined) this.#records.put(key, encodeCounter(counter));
    }
    const forgotten = sweeper.sweep(this.#records, this.#claimed, nowMs - BUCKET_MS);
    if (forgotten !== undefined) this.#raiseHorizon(forgotten);
  }

  #tally(signer: Uint8Array, alive: number): ExpiryTally {
    const key = recordKey(KIND.tally, signer);
    const name = key.toString("latin1");
    const known = this.#tallies.get(name);
    const tally = known?.tally ?? decodeTally(this.#records.get(key));
    if (known === undefined) this.#tallies.set(name, { key, tally });
    tally.forgetBefore(alive);
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

  /** When the latest of all nonces that were forgotten was issued. */
  #horizon(): number {
    this.#horizonMs ??= this.#records.get(HORIZON_KEY)?.readDoubleBE(0) ?? -1;
    return this.#horizonMs;
  }

  #raiseHorizon(issuedAtMs: number): void {
    if (issuedAtMs <= this.#horizon()) return;
    this.#horizonMs = issuedAtMs;
    const value = Buffer.allocUnsafe(8);
    value.writeDoubleBE(issuedAtMs);
    this.#records.put(HORIZON_KEY, value);
  }
}
