import type { ReplayStoreError } from "../../errors.js";
import { makeBatch, settleBatch } from "./claim-batch.js";
import type { PendingClaim } from "./claim-batch.js";
import { claimFault, givenUp } from "./faults.js";
import type { InFlight } from "./in-flight.js";

/** Claims that go to the server together at most. More would not be faster: this process and the server would work in turns. */
const BATCH_CLAIMS = 32;

/** What the queues of a store share. */
export interface ClaimSender {
  /** Runs the claim script. */
  readonly run: (keys: readonly string[], args: readonly string[]) => Promise<string>;
  readonly inFlight: InFlight;
  /** Told of each batch that is settled: of how many claims, and what the server could not do. */
  readonly onSettled: (claims: number, fault: ReplayStoreError | undefined) => void;
}

/**
 * Gathers the claims of one bucket that are made in the same turn of the event loop, and sends them together. It never waits for an
 * answer before it sends the next.
 */
export class ClaimQueue {
  readonly #head: string;
  readonly #sender: ClaimSender;
  #waiting: PendingClaim[] = [];
  #hostNowMs = 0;

  constructor(head: string, sender: ClaimSender) {
    this.#head = head;
    this.#sender = sender;
  }

  /** @param hostNowMs - The time by which the claim was found to be in its window. The earliest of a batch counts for all of it. */
  add(claim: PendingClaim, hostNowMs: number): void {
    if (this.#waiting.length === 0) {
      this.#hostNowMs = hostNowMs;
      setImmediate(() => {
        this.#flush();
      });
    }
    this.#waiting.push(claim);
  }

  #flush(): void {
    const claims = this.#waiting;
    this.#waiting = [];
    if (claims.length <= BATCH_CLAIMS) {
      void this.#settle(claims);
      return;
    }
    for (let from = 0; from < claims.length; from += BATCH_CLAIMS) {
      void this.#settle(claims.slice(from, from + BATCH_CLAIMS));
    }
  }

  async #settle(pending: readonly PendingClaim[]): Promise<void> {
    const { run, inFlight, onSettled } = this.#sender;
    const { keys, args, claims } = makeBatch(this.#head, this.#hostNowMs, pending);
    const rejectAll = (error: ReplayStoreError): void => {
      for (const claim of claims) claim.reject(error);
    };
    const sent = inFlight.begin(() => {
      rejectAll(givenUp());
    });
    let fault: ReplayStoreError | undefined;
    try {
      fault = settleBatch(await run(keys, args), claims);
    } catch (error) {
      fault = claimFault(error);
      rejectAll(fault);
    }
    inFlight.end(sent);
    onSettled(claims.length, fault);
  }
}
