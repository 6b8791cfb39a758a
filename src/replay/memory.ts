import { randomBytes } from "node:crypto";
import type { PublicKeyText } from "../crypto/key-text.js";
import { ReplayStoreError } from "../errors.js";
import { clockOption, optionRecord } from "../lib/option.js";
import { capacityOptions } from "./capacity.js";
import { checkClaimTimes } from "./claim-times.js";
import { checkCharges } from "./counters/charge.js";
import type { Charge, ChargeOutcome } from "./counters/charge.js";
import { CounterTable } from "./counters/counter-table.js";
import { bucketOf } from "./expiry-bucket.js";
import { ExpiryTally } from "./expiry-tally.js";
import { FINGERPRINT_WORDS, signerSalt, writeFingerprint } from "./fingerprint.js";
import { NonceTable } from "./nonce-table.js";
import { SignerTable } from "./signer-table.js";
import type { KnownSigner } from "./signer-table.js";
import type { ClaimOutcome, ReplayHealth, ReplayStore } from "./types.js";

const MAX_CAPACITY = 100_000_000;

/** Sizes and clock of a memory store. Every one has a default. */
export interface MemoryReplayStoreOptions {
  /**
   * How many live nonces the store holds, 1 to 100,000,000. Default is 1,000,000.
   *
   * What it takes: calls a second times the seconds that a nonce is kept, 336 at most with the guard's defaults, so that
   * 1,000,000 are enough for 2,900 calls a second without an end. Memory is taken as it is needed: some 50 bytes a nonce, at most 100,
   * and 400 more for each signer that has any.
   */
  readonly capacity?: number;
  /**
   * How many of them one signer may hold, 1 to `capacity`. Default is half of `capacity`.
   *
   * So a server with a single agent has 1,450 calls a second of it, and whatever one trusted signer does, the others
   * keep the other half. Set it to `capacity` where there is but one agent, lower where there are many.
   */
  readonly perSignerShare?: number;
  /** The time, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: () => number;
}

/** A replay store in the memory of this process. It answers at once, never with a promise. */
export interface MemoryReplayStore extends ReplayStore {
  claim(key: PublicKeyText, nonce: string, expiresAtMs: number, issuedAtMs: number): ClaimOutcome;
  charge(charges: readonly Charge[]): ChargeOutcome;
  refund(charges: readonly Charge[]): void;
  readonly startedAtMs: number;
  close(): Promise<void>;
  health(): ReplayHealth;
}

/**
 * Makes a replay store in the memory of this process, for one long-lived process.
 *
 * It forgets everything when the process ends, and so refuses receipts from before it was made
 * (`issued_before_start`). That makes a restart safe, as long as the clock is not set back across it. It does **not**
 * cover processes that overlap, replicas or a rolling restart: each would accept a receipt once. Those need a store
 * that they share.
 *
 * A live nonce is never dropped to make room: a full store refuses (`replay_full`). When the clock goes back behind
 * the expiry of nonces that were forgotten, or when guards with different windows share the store, receipts that could be
 * among the forgotten ones are refused (`replay_unavailable`).
 *
 * @param options - Sizes and clock, see {@link MemoryReplayStoreOptions}.
 * @throws `OptionError` for an option that is unknown, of the wrong type or out of range.
 *
 * @example
 * ```ts
 * const replay = createMemoryReplayStore({ capacity: 5_000_000 });
 * const guard = await createGuard({ registry: "config/registry.yaml", identity: "github-mcp", target: "mcp://github", replay });
 * ```
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): MemoryReplayStore {
  const path = "options";
  const record = optionRecord(options, path, ["capacity", "perSignerShare", "clock"]);
  const { capacity, perSignerShare } = capacityOptions(record, path, MAX_CAPACITY);
  return new MemoryStore(capacity, perSignerShare, clockOption(record, path));
}

class MemoryStore implements MemoryReplayStore {
  readonly startedAtMs: number;
  readonly #capacity: number;
  readonly #perSignerShare: number;
  readonly #clock: () => number;
  readonly #secret = randomBytes(16).toString("base64");
  readonly #print = new Int32Array(FINGERPRINT_WORDS);
  #table = new NonceTable();
  #total = new ExpiryTally();
  #signers = new SignerTable();
  /** The first bucket that was not forgotten. Never goes back, whatever the clock does. */
  #alive = 1;
  /** By bucket, when the latest of its nonces was issued; and the same of all that were forgotten. */
  readonly #latestIssuedMs = new Map<number, number>();
  #forgottenIssuedMs = Number.NEGATIVE_INFINITY;
  readonly #counters = new CounterTable();
  #closed = false;

  constructor(capacity: number, perSignerShare: number, clock: () => number) {
    this.#capacity = capacity;
    this.#perSignerShare = perSignerShare;
    this.#clock = clock;
    // A receipt of this very millisecond passes: only a store that ended within it could have seen that one.
    this.startedAtMs = clock();
  }

  claim(key: PublicKeyText, nonce: string, expiresAtMs: number, issuedAtMs: number): ClaimOutcome {
    checkClaimTimes(expiresAtMs, issuedAtMs);
    const bucket = bucketOf(expiresAtMs);
    const before = this.startedAtMs - issuedAtMs;
    if (before > 0) {
      throw refuse(
        "issued_before_start",
        `signed ${before} ms before this store began to remember; sign it again`,
      );
    }
    this.#refuseIfClosed();
    this.#forget();
    const known = this.#signers.get(key);
    const signer = known ?? { salt: signerSalt(this.#secret, key), tally: new ExpiryTally() };
    writeFingerprint(this.#print, signer.salt, nonce);
    const refusal = this.#findRefusal(signer, bucket, issuedAtMs);
    if (refusal !== undefined) {
      if (this.#table.has(this.#print, this.#alive)) return "replayed";
      throw refusal;
    }
    if (!this.#table.add(this.#print, bucket, this.#alive)) return "replayed";
    if (known === undefined) this.#signers.set(key, signer);
    this.#total.add(bucket);
    if (issuedAtMs > (this.#latestIssuedMs.get(bucket) ?? -1)) this.#latestIssuedMs.set(bucket, issuedAtMs);
    signer.tally.add(bucket);
    this.#table.fit(this.#total.live, this.#alive);
    return "claimed";
  }

  charge(charges: readonly Charge[]): ChargeOutcome {
    checkCharges(charges);
    this.#refuseIfClosed();
    return this.#counters.charge(charges, this.#clock());
  }

  refund(charges: readonly Charge[]): void {
    checkCharges(charges);
    this.#refuseIfClosed();
    this.#counters.refund(charges, this.#clock());
  }

  health(): ReplayHealth {
    return {
      kind: "memory",
      ready: !this.#closed,
      liveNonces: this.#total.live,
      capacity: this.#capacity,
      perSignerShare: this.#perSignerShare,
    };
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#empty();
    this.#counters.clear();
    return Promise.resolve();
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw refuse("replay_unavailable", "the store is closed");
  }

  /**
   * Forgets what has expired. The horizon moves no further than to the last nonce that was there to be forgotten:
   * so a clock that leaps ahead by hours and comes back does not make the store refuse everything for hours.
   */
  #forget(): void {
    const forgotten = this.#total.forgetBefore(bucketOf(this.#clock()));
    if (forgotten !== undefined) {
      this.#alive = forgotten + 1;
      this.#noteForgotten(forgotten);
      if (this.#total.live === 0) this.#empty();
    }
    this.#signers.sweep(this.#alive);
  }

  /** Guards with different windows may share the store: what one keeps short, another may accept for longer. */
  #noteForgotten(last: number): void {
    for (const [bucket, issuedAtMs] of this.#latestIssuedMs) {
      if (bucket > last) continue;
      this.#forgottenIssuedMs = Math.max(this.#forgottenIssuedMs, issuedAtMs);
      this.#latestIssuedMs.delete(bucket);
    }
  }

  /** Says why a nonce that is not there cannot be taken. */
  #findRefusal(signer: KnownSigner, bucket: number, issuedAtMs: number): ReplayStoreError | undefined {
    if (bucket < this.#alive || issuedAtMs <= this.#forgottenIssuedMs) {
      return refuse(
        "replay_unavailable",
        "nonces of this time are forgotten: it is past, or the clock went back",
      );
    }
    if (this.#total.live >= this.#capacity) {
      return refuse("replay_full", `the store holds ${this.#capacity} live nonces`);
    }
    signer.tally.forgetBefore(this.#alive);
    if (signer.tally.live >= this.#perSignerShare) {
      return refuse("replay_full", `the signer has ${this.#perSignerShare} live nonces`);
    }
    return undefined;
  }

  /** Gives the memory of a past rush back. */
  #empty(): void {
    this.#table = new NonceTable();
    this.#total = new ExpiryTally();
    this.#signers = new SignerTable();
  }
}

function refuse(code: ReplayStoreError["code"], message: string): ReplayStoreError {
  return new ReplayStoreError(code, message);
}
