import { hash } from "node:crypto";
import type { ReplayStoreError } from "../../errors.js";
import { isRate } from "../counters/charge.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import { unavailable } from "./failures.js";
import type { Batch, Waiting } from "./lanes.js";
import { booleansLiteral, bytesLiteral, integersLiteral } from "./literals.js";

/** How many charges go into one statement. A list has at most 64. */
const MAX_BATCH = 512;

/** A list of charges, or of such that are taken back. */
interface Count {
  readonly isRefund: boolean;
  readonly charges: readonly CountedCharge[];
  readonly sinceMs: number;
  readonly resolve: (outcome: ChargeOutcome) => void;
  readonly reject: (error: ReplayStoreError) => void;
}

/** A charge as it was when it was made: what the caller gave may change meanwhile. */
interface CountedCharge {
  readonly id: string;
  /** What stands for the counter: SHA-256 of its name. */
  readonly counter: string;
  readonly max: number;
  /** 0 for a budget. */
  readonly windowMs: number;
  readonly expiresAtMs: number;
}

/** Charges that wait for a statement. */
export class WaitingCounts implements Waiting {
  readonly #schema: string;
  #counts: Count[] = [];

  constructor(schema: string) {
    this.#schema = schema;
  }

  get size(): number {
    return this.#counts.length;
  }

  get oldestMs(): number | undefined {
    return this.#counts[0]?.sinceMs;
  }

  /** @param charges - As `checkCharges` lets through. */
  add(charges: readonly Charge[], isRefund: boolean): Promise<ChargeOutcome> {
    const counted = charges.map(countedCharge);
    return new Promise((resolve, reject) => {
      this.#counts.push({ isRefund, charges: counted, sinceMs: performance.now(), resolve, reject });
    });
  }

  take(): Batch | undefined {
    let lists = 0;
    let charges = 0;
    for (const count of this.#counts) {
      charges += count.charges.length;
      if (charges > MAX_BATCH) break;
      lists++;
    }
    const taken = this.#counts.splice(0, lists);
    return taken.length === 0 ? undefined : batchOf(this.#schema, taken);
  }

  failBefore(timeMs: number, error: ReplayStoreError): void {
    const late = this.#counts.filter(({ sinceMs }) => sinceMs <= timeMs);
    this.#counts = this.#counts.filter(({ sinceMs }) => sinceMs > timeMs);
    for (const { reject } of late) reject(error);
  }
}

function batchOf(schema: string, taken: readonly Count[]): Batch {
  return {
    select: () => countText(schema, taken),
    settle: (answer) => {
      const places = answer.split(" ").map(Number);
      const outcomes = taken.map((count, index) => outcomeOf(count, places[index]));
      if (places.length !== taken.length) throw noAnswer();
      taken.forEach(({ resolve }, index) => {
        resolve(outcomes[index] ?? "charged");
      });
    },
    fail: (error) => {
      for (const { reject } of taken) reject(error);
    },
  };
}

/** @param place - Which of the charges has no room, from 1 on; 0 for none. */
function outcomeOf({ charges }: Count, place: number | undefined): ChargeOutcome {
  if (place === 0) return "charged";
  const exhausted = charges[(place ?? 0) - 1];
  if (exhausted === undefined) throw noAnswer();
  return { exhausted: exhausted.id };
}

/** The call of the function `signet_replay_count`. */
function countText(schema: string, taken: readonly Count[]): string {
  const charges = taken.flatMap((count) => count.charges);
  const counters = [...new Set(charges.map(({ counter }) => counter))].sort();
  const places = new Map(counters.map((counter, index) => [counter, index + 1]));
  const numbers = (of: (charge: CountedCharge) => number, type: "integer" | "bigint"): string =>
    integersLiteral(charges.map(of), type);
  return `${schema}.signet_replay_count(${[
    bytesLiteral(counters),
    integersLiteral(
      taken.map((count) => count.charges.length),
      "integer",
    ),
    booleansLiteral(taken.map(({ isRefund }) => isRefund)),
    numbers(({ counter }) => places.get(counter) ?? 0, "integer"),
    numbers(({ max }) => max, "bigint"),
    numbers(({ windowMs }) => windowMs, "bigint"),
    numbers(({ expiresAtMs }) => expiresAtMs, "bigint"),
  ].join(", ")})`;
}

function countedCharge(charge: Charge): CountedCharge {
  const { id, max } = charge;
  return {
    id,
    counter: hash("sha256", id, "hex"),
    max,
    windowMs: isRate(charge) ? charge.windowMs : 0,
    expiresAtMs: isRate(charge) ? 0 : charge.expiresAtMs,
  };
}

function noAnswer(): ReplayStoreError {
  return unavailable("the server gave no valid answer");
}
