import type { Charge } from "../../replay/counters/charge.js";
import type { ReplayHealth } from "../../replay/types.js";
import { StoreGate } from "../../verify/store-gate.js";
import type { GateHealth } from "../../verify/store-gate.js";
import type { EventLog } from "./events.js";
import type { ReplayChoice } from "./replay-choice.js";

const NOT_SHARED =
  "nonces are kept in the memory of this process: that is enough unless two processes of this server run at once, " +
  'as they do over stdio; those have to share a store, such as `replay: "file"`';

const CANNOT_COUNT =
  "entries of the registry have `limits`, and the store cannot count calls, so that calls of those agents are refused: take " +
  "the limits out, or restart the server with one of the stores of this package";

/** What is known of a guard's store, where there is one by now and it tells, and how claims get on. */
export type GuardReplayHealth = Partial<ReplayHealth> & GateHealth;

/** A guard's store of nonces, whichever it is, and the gate before it. */
export class ReplayGate {
  readonly gate: StoreGate;
  readonly #choice: ReplayChoice;
  readonly #events: EventLog;

  constructor(choice: ReplayChoice, clock: () => number, events: EventLog) {
    this.#choice = choice;
    this.#events = events;
    this.gate = new StoreGate(choice.store, clock, {
      circuit: (state) => {
        events.report({ type: state === "open" ? "replay_stopped" : "replay_resumed" });
      },
      refundFailed: (detail) => {
        events.report({ type: "refund_failed", detail });
      },
    });
  }

  /** Takes back what a call was charged that was verified and does not run after all. */
  refund({ charges }: { readonly charges: readonly Charge[] }): void {
    this.gate.refund(charges);
  }

  /**
   * How the store is, and how claims get on. A store that is not well is asked again by that, so that who asks on and on learns when
   * it is, whether calls come or not.
   */
  health(): GuardReplayHealth {
    const store = this.#choice.chosen;
    if (store !== undefined) this.gate.lookAgain();
    return { ...store?.health?.(), ...this.gate.health() };
  }

  /** @param hasLimits - Whether the registry that is in force has entries with `limits`. */
  problems(health: GuardReplayHealth, hasLimits: boolean): readonly string[] {
    const problems: string[] = [];
    if (health.problem !== undefined) problems.push(`the replay store: ${health.problem}`);
    else if (health.ready === false) problems.push("the replay store is not ready");
    if (health.circuit === "open")
      problems.push("the replay store does not answer in time, so calls are refused");
    if (hasLimits && !this.#choice.counts) problems.push(CANNOT_COUNT);
    return problems;
  }

  /**
   * Takes a store that fits a transport, unless there is one.
   *
   * @param isProcess - Whether each connection over the transport has a process of its own, as far as is known.
   * @returns `undefined` when there is nothing to wait for.
   * @throws as `ReplayChoice.forProcess` does.
   */
  choose(isProcess: boolean): Promise<void> | undefined {
    if (isProcess) return this.#choice.forProcess();
    this.#choice.forShared();
    return undefined;
  }

  /** Takes a store where nothing is known of the transport, unless there is one. */
  chooseBlindly(): void {
    if (this.#choice.chosen !== undefined) return;
    this.#choice.forShared();
    if (this.#choice.isByDefault) this.#events.report({ type: "replay_not_shared", detail: NOT_SHARED });
  }
}
