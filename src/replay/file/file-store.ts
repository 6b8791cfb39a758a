import type { PublicKeyText } from "../../crypto/key-text.js";
import { ReplayStoreError } from "../../errors.js";
import { checkClaimTimes } from "../claim-times.js";
import { checkCharges, plainCharge } from "../counters/charge.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import { nonceId, signerId } from "../nonce-id.js";
import type { ClaimOutcome, ReplayHealth, SharedReplayStore } from "../types.js";
import type { LedgerClaim, LedgerOutcome } from "./ledger.js";
import { decodeOutcome, encodeClaims } from "./messages.js";
import type { FileStoreFault, FileStoreResult, FileStoreSettings, LedgerRequest } from "./messages.js";
import { faultError, StoreThread } from "./store-thread.js";

/** Claims that are sent at once. */
const MAX_CLAIMS = 1024;
/** Claims that may wait for an answer: what comes then is refused, as it would be by the deadline. */
const MAX_WAITING = 10_000;
/** How far ahead a receipt may be dated that a store accepted before it was lost: as a guard's `clockSkewMs`, by default. */
const DATED_AHEAD_MS = 30_000;
/** How soon a database that failed is opened again. */
const REOPEN_AFTER_MS = 500;

interface QueuedClaim extends LedgerClaim {
  readonly nowMs: number;
  readonly settle: (outcome: LedgerOutcome | FileStoreFault) => void;
}

/** The side of a file store that is in the server's own thread: collects claims, and knows the thread that has the database. */
export class FileStore implements SharedReplayStore {
  readonly #settings: FileStoreSettings;
  readonly #workerUrl: URL;
  readonly #clock: () => number;
  #queue: QueuedClaim[] = [];
  #waiting = 0;
  #thread: StoreThread;
  #reopening: Promise<void> | undefined;
  #reopenAtMs = 0;
  #problem: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(thread: StoreThread, settings: FileStoreSettings, workerUrl: URL, clock: () => number) {
    this.#thread = thread;
    this.#settings = settings;
    this.#workerUrl = workerUrl;
    this.#clock = clock;
  }

  async claim(
    key: PublicKeyText,
    nonce: string,
    expiresAtMs: number,
    issuedAtMs: number,
  ): Promise<ClaimOutcome> {
    checkClaimTimes(expiresAtMs, issuedAtMs);
    this.#refuseIfUnfit();
    // Read here, where what it throws reaches the caller.
    const nowMs = this.#clock();
    const outcome = await new Promise<LedgerOutcome | FileStoreFault>((settle) => {
      const claim = { id: nonceId(key, nonce), signer: signerId(key), expiresAtMs, issuedAtMs };
      const queued = this.#queue.push({ ...claim, nowMs, settle });
      this.#waiting += 1;
      // Claims of all that came in this turn of the loop go together.
      if (queued === 1) setImmediate(this.#sendClaims);
    });
    this.#waiting -= 1;
    return this.#read(outcome);
  }

  async charge(charges: readonly Charge[]): Promise<ChargeOutcome> {
    checkCharges(charges);
    this.#refuseIfUnfit();
    const result = await this.#ask({
      kind: "charge",
      nowMs: this.#clock(),
      charges: charges.map(plainCharge),
    });
    if (result.kind === "charged") return result.outcome;
    throw this.#unfit(result);
  }

  async refund(charges: readonly Charge[]): Promise<void> {
    checkCharges(charges);
    this.#refuseIfUnfit();
    const result = await this.#ask({
      kind: "refund",
      nowMs: this.#clock(),
      charges: charges.map(plainCharge),
    });
    if (result.kind !== "refunded") throw this.#unfit(result);
  }

  health(): ReplayHealth {
    const { capacity, perSignerShare } = this.#settings;
    const problem = this.#thread.fault?.message ?? this.#problem;
    return {
      kind: "file",
      ready: this.#closed === undefined && this.#thread.fault === undefined,
      capacity,
      perSignerShare,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#sendClaims();
    await this.#reopening;
    await this.#thread.close();
  }

  readonly #sendClaims = (): void => {
    const claims = this.#queue;
    this.#queue = [];
    for (let at = 0; at < claims.length; at += MAX_CLAIMS) void this.#send(claims.slice(at, at + MAX_CLAIMS));
  };

  async #send(claims: readonly QueuedClaim[]): Promise<void> {
    const bytes = encodeClaims(claims);
    const nowMs = Math.max(...claims.map((claim) => claim.nowMs));
    const result = await this.#ask({ kind: "claim", nowMs, claims: bytes }, [bytes.buffer]);
    for (const [index, { settle }] of claims.entries()) {
      const outcome = result.kind === "claimed" ? decodeOutcome(result.outcomes[index]) : undefined;
      settle(outcome ?? faultOf(result));
    }
  }

  async #ask(request: LedgerRequest, transfer: readonly ArrayBuffer[] = []): Promise<FileStoreResult> {
    if (this.#thread.fault !== undefined) await this.#reopen(this.#thread.fault);
    const result = await this.#thread.ask(request, transfer);
    this.#problem = result.kind === "fault" ? result.message : undefined;
    return result;
  }

  /** Opens the database again after it failed: what was claimed by then and may be lost is refused. */
  async #reopen(fault: FileStoreFault): Promise<void> {
    if (this.#closed !== undefined) return;
    if (this.#reopening === undefined && performance.now() < this.#reopenAtMs) return;
    this.#reopening ??= StoreThread.open(this.#workerUrl, {
      ...this.#settings,
      createdAtMs: this.#clock() + DATED_AHEAD_MS,
    })
      .then((thread) => {
        this.#thread = thread;
      })
      .catch((error: unknown) => {
        // The first fault stands, and this says that it lasts.
        this.#problem = error instanceof Error ? error.message : fault.message;
      })
      .finally(() => {
        this.#reopenAtMs = performance.now() + REOPEN_AFTER_MS;
        this.#reopening = undefined;
      });
    await this.#reopening;
  }

  #refuseIfUnfit(): void {
    if (this.#closed !== undefined) throw new ReplayStoreError("replay_unavailable", "the store is closed");
    if (this.#waiting >= MAX_WAITING) {
      throw new ReplayStoreError("replay_unavailable", `${MAX_WAITING} claims wait for the store already`);
    }
  }

  #read(outcome: LedgerOutcome | FileStoreFault): ClaimOutcome {
    if (outcome === "claimed" || outcome === "replayed") return outcome;
    const { capacity, perSignerShare } = this.#settings;
    switch (outcome) {
      case "full":
        throw new ReplayStoreError("replay_full", `all ${capacity} places for nonces are taken`);
      case "share_full":
        throw new ReplayStoreError("replay_full", `all ${perSignerShare} places of this signer are taken`);
      case "before_start":
        throw new ReplayStoreError(
          "issued_before_start",
          "signed before this store began to remember; sign it again",
        );
      case "forgotten":
        throw new ReplayStoreError(
          "replay_unavailable",
          "nonces as old as this one are not remembered any more: the clock was set back, or guards with other windows share the store",
        );
      default:
        throw this.#unfit(outcome);
    }
  }

  #unfit(result: FileStoreResult): Error {
    return faultError(faultOf(result));
  }
}

function faultOf(result: FileStoreResult): FileStoreFault {
  if (result.kind === "fault") return result;
  return {
    kind: "fault",
    code: "replay_unavailable",
    message: "the replay store gave no valid answer",
    lasting: false,
  };
}
