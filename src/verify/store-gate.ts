import { ReplayStoreError } from "../errors.js";
import { andThen, isPromise } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { quotedError } from "../lib/text.js";
import type { Charge } from "../replay/counters/charge.js";
import type { ReplayStore } from "../replay/types.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import { inTurns } from "../lib/in-turns.js";
import { BurntNonces } from "./burnt-nonces.js";
import { Circuit } from "./circuit.js";
import type { CircuitState } from "./circuit.js";
import type { RefusalCode } from "./refusals.js";

/** How long a store may take. A claim that takes longer counts as burnt: the store may still carry it out. */
const DEADLINE_MS = 250;
/** What fails later than this has timed out, in whatever hands: a client of a server has deadlines of its own. */
const SLOW_FAILURE_MS = DEADLINE_MS / 2;

/** How soon a store that is not well is asked again for whoever wants to know. */
const LOOK_AGAIN_MS = 250;
/** Signer of the nonces that are claimed to find out how the store is: no key that anybody has, as it verifies no signature. */
const NOBODY: PublicKeyText = `ed25519:${Buffer.alloc(32).toString("base64")}`;

/** A nonce to be claimed, and what the call costs. */
export interface GatedClaim {
  readonly key: PublicKeyText;
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
  /** Counters that the call is charged to, once its nonce is claimed. */
  readonly charges: readonly Charge[];
}

export interface ClaimRefused {
  readonly code: RefusalCode;
  readonly detail: string;
}

export type GatedOutcome = "claimed" | ClaimRefused;

/** What a gate tells of. */
export interface GateListener {
  /** The store stopped, or began again, to answer in time. */
  circuit?(state: CircuitState): void;
  /** A call did not run, and it could not be taken back that it was counted. */
  refundFailed?(detail: string): void;
}

/** How many claims wait for the store, and whether more are let through to it. */
export interface GateHealth {
  /** `"open"`: the store did not answer in time, and but one claim in a while is tried. */
  readonly circuit: CircuitState;
  /** Claims that have no answer yet, those whose calls were refused by then included. */
  readonly pendingClaims: number;
}

/**
 * Stands between the checks and a replay store of any making: it takes nothing but the word itself as a claim, waits no longer
 * than 250 ms, and asks a store that does not answer no more than now and then.
 */
export class StoreGate {
  readonly #store: () => ReplayStore;
  readonly #listener: GateListener;
  readonly #circuit: Circuit;
  readonly #burnt: BurntNonces;
  readonly #clock: () => number;
  #pending = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param store - The store as it is now.
   * @param clock - Milliseconds since the Unix epoch.
   */
  constructor(store: () => ReplayStore, clock: () => number, listener: GateListener = {}) {
    this.#store = store;
    this.#clock = clock;
    this.#listener = listener;
    this.#circuit = new Circuit((state) => listener.circuit?.(state));
    this.#burnt = new BurntNonces(clock);
  }

  /** As the store has it. */
  get startedAtMs(): number | undefined {
    return this.#store().startedAtMs;
  }

  health(): GateHealth {
    return { circuit: this.#circuit.state, pendingClaims: this.#pending };
  }

  /** Claims a nonce and charges the call. Never throws; at once where the store answers at once. */
  claim(claim: GatedClaim): MaybePromise<GatedOutcome> {
    if (this.#burnt.has(claim))
      return { code: "replayed", detail: "an earlier claim of this nonce got no answer" };
    if (!this.#circuit.admits()) {
      return {
        code: "replay_unavailable",
        detail: `the replay store does not answer within ${DEADLINE_MS} ms; it is tried again now and then`,
      };
    }
    try {
      const outcome = this.#ask(claim);
      return isPromise(outcome) ? this.#inTime(claim, outcome) : this.#answered(claim, outcome);
    } catch (error) {
      return this.#answered(claim, refuseUnknown(error));
    }
  }

  /**
   * Asks a store that is not well whether it is again, unless that was done just now: it would show by the next call, and none may
   * come. A nonce of nobody's is claimed, which is over at once.
   */
  lookAgain(): void {
    const health = this.#store().health?.();
    const isWell =
      this.#circuit.state === "closed" && health?.ready !== false && health?.problem === undefined;
    const now = performance.now();
    if (isWell || now - this.#lookedAtMs < LOOK_AGAIN_MS) return;
    this.#lookedAtMs = now;
    const atMs = Math.floor(this.#clock());
    // What comes of it is in the state of the circuit, and of the store.
    void this.claim({
      key: NOBODY,
      nonce: randomNonce(),
      expiresAtMs: atMs,
      issuedAtMs: atMs,
      charges: [],
    });
  }

  /** Takes back what a call was charged that does not run after all. Nobody waits for it. */
  refund(charges: readonly Charge[]): void {
    if (charges.length === 0) return;
    const failed = (error: unknown): void => {
      this.#listener.refundFailed?.(quotedError(error));
    };
    try {
      const refunded = this.#store().refund?.(charges);
      if (refunded !== undefined && isPromise(refunded)) refunded.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  #ask({ key, nonce, expiresAtMs, issuedAtMs, charges }: GatedClaim): MaybePromise<GatedOutcome> {
    const store = this.#store();
    if (charges.length > 0 && (store.charge === undefined || store.refund === undefined)) {
      return {
        code: "replay_unavailable",
        detail: "the replay store cannot count calls, and the signer has `limits`",
      };
    }
    return andThen(settled(store.claim(key, nonce, expiresAtMs, issuedAtMs)), (claimed) => {
      const outcome = readOutcome(claimed);
      if (outcome !== "claimed" || charges.length === 0) return outcome;
      return andThen(settled(store.charge?.(charges)), (charged) => readCharge(charged, charges));
    });
  }

  #answered(claim: GatedClaim, outcome: GatedOutcome): GatedOutcome {
    if (isKnown(outcome)) this.#circuit.answered();
    return this.#noteUnknown(claim, outcome);
  }

  /** A store that cannot say what became of a claim may have carried it out, or may yet. */
  #noteUnknown(claim: GatedClaim, outcome: GatedOutcome): GatedOutcome {
    if (!isKnown(outcome)) this.#burnt.add(claim);
    return outcome;
  }

  #inTime(claim: GatedClaim, outcome: Promise<GatedOutcome>): Promise<GatedOutcome> {
    this.#pending += 1;
    const began = performance.now();
    return new Promise((resolve) => {
      let isLate = false;
      const giveUp = (): void => {
        isLate = true;
        this.#burnt.add(claim);
        this.#circuit.late();
        resolve({
          code: "replay_unavailable",
          detail: `the replay store took longer than ${DEADLINE_MS} ms`,
        });
      };
      const cancel = inTurns(DEADLINE_MS, giveUp);
      const settle = (settled: GatedOutcome): void => {
        this.#pending -= 1;
        cancel();
        if (!isLate) {
          if (isKnown(settled)) this.#circuit.answered();
          else if (performance.now() - began >= SLOW_FAILURE_MS) this.#circuit.late();
          resolve(this.#noteUnknown(claim, settled));
          return;
        }
        this.#circuit.stirred();
        // The call was refused. Now that the store says what became of the claim, it remembers it itself.
        if (isKnown(settled)) this.#burnt.delete(claim);
        if (settled === "claimed") this.refund(claim.charges);
      };
      outcome.then(settle, (error: unknown) => {
        settle(refuseUnknown(error));
      });
    });
  }
}

/** Whether the store has said what became of a claim. */
function isKnown(outcome: GatedOutcome): boolean {
  return outcome === "claimed" || outcome.code !== "replay_unavailable";
}

/** A thenable of somebody else's may answer twice, or not as promises do. */
function settled(value: unknown): MaybePromise<unknown> {
  return isPromise(value) ? Promise.resolve(value) : value;
}

/** Takes nothing but the word itself as a claim: a store that answers anything else does not know. */
function readOutcome(outcome: unknown): GatedOutcome {
  if (outcome === "claimed") return "claimed";
  if (outcome === "replayed") return { code: "replayed", detail: "this signer's nonce was claimed before" };
  return { code: "replay_unavailable", detail: "the replay store gave no valid answer" };
}

function readCharge(outcome: unknown, charges: readonly Charge[]): GatedOutcome {
  if (outcome === "charged") return "claimed";
  const id: unknown =
    typeof outcome === "object" && outcome !== null ? Reflect.get(outcome, "exhausted") : undefined;
  const charge = charges.find((one) => one.id === id);
  if (charge === undefined)
    return { code: "replay_unavailable", detail: "the replay store gave no valid answer to a charge" };
  const span = "windowMs" in charge ? `within ${charge.windowMs / 1000} s` : "in all";
  return { code: "rate_limited", detail: `the signer may call ${charge.max} times ${span}` };
}

/** What a store may say of a claim. All other faults of its are the operator's, and the peer learns no more than that there is one. */
const STORE_CODES = ["replay_full", "issued_before_start", "replay_unavailable"] as const;

/** A store may be of any making, and what it throws may be anything: even to look at it may throw again. */
function refuseUnknown(error: unknown): ClaimRefused {
  try {
    if (error instanceof ReplayStoreError) {
      const { message } = error;
      const code = STORE_CODES.find((known) => known === error.code) ?? "replay_unavailable";
      return { code, detail: message };
    }
  } catch {
    // Then it is no error of a store's.
  }
  return { code: "replay_unavailable", detail: `the replay store failed: ${quotedError(error)}` };
}
