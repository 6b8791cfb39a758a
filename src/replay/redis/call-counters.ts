import { isRate } from "../counters/charge.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { Connection } from "./client/types.js";
import { chargeFault, refuse } from "./faults.js";
import type { Keyspace } from "./keyspace.js";
import { counterScript } from "./lua/counter.js";
import { Script } from "./script.js";

interface BucketCharges {
  readonly charges: readonly Charge[];
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** Rates and budgets on the server. What is in one bucket is counted in one go; several buckets one after another. */
export class CallCounters {
  readonly #connection: Connection;
  readonly #keyspace: Keyspace;
  readonly #script: Script;

  /** @param keptLongerMs - How much longer than it must a counter is kept. */
  constructor(connection: Connection, keyspace: Keyspace, keptLongerMs: number) {
    this.#connection = connection;
    this.#keyspace = keyspace;
    this.#script = new Script(counterScript(keptLongerMs));
  }

  async charge(charges: readonly Charge[]): Promise<ChargeOutcome> {
    const charged: BucketCharges[] = [];
    for (const group of this.#groupByBucket(charges)) {
      let full: Charge | undefined;
      try {
        const place = await this.#run("charge", group);
        if (place === 0) {
          charged.push(group);
          continue;
        }
        full = group.charges[place - 1];
      } catch (error) {
        await this.#refundAfter(charged, chargeFault(error));
        throw chargeFault(error);
      }
      if (full === undefined) throw refuse("replay_unavailable", "the Redis server gave no valid answer");
      await this.#refundAfter(charged);
      return { exhausted: full.id };
    }
    return "charged";
  }

  /** Tries all, whatever becomes of one. */
  async refund(charges: readonly Charge[]): Promise<void> {
    await this.#refundGroups(this.#groupByBucket(charges));
  }

  async #refundAfter(charged: readonly BucketCharges[], cause?: unknown): Promise<void> {
    try {
      await this.#refundGroups(charged);
    } catch (error) {
      throw refuse(
        "replay_unavailable",
        "the call could not be counted on all counters, and stays counted on some: they could not be taken back",
        new AggregateError(cause === undefined ? [error] : [cause, error]),
      );
    }
  }

  async #refundGroups(groups: readonly BucketCharges[]): Promise<void> {
    const results = await Promise.allSettled(groups.map((group) => this.#run("refund", group)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw chargeFault(failed.reason);
  }

  async #run(mode: "charge" | "refund", { keys, args }: BucketCharges): Promise<number> {
    const place = Number(await this.#script.run(this.#connection, keys, [mode, ...args]));
    if (Number.isInteger(place) && place >= 0 && place <= keys.length) return place;
    throw refuse("replay_unavailable", "the Redis server gave no valid answer");
  }

  #groupByBucket(charges: readonly Charge[]): readonly BucketCharges[] {
    const buckets = new Map<number, Charge[]>();
    for (const charge of charges) {
      const bucket = this.#keyspace.counterBucket(charge.id);
      const own = buckets.get(bucket);
      if (own === undefined) buckets.set(bucket, [charge]);
      else own.push(charge);
    }
    return [...buckets].map(([bucket, own]) => ({
      charges: own,
      keys: own.map(({ id }) => this.#keyspace.counterKey(bucket, id)),
      args: own.flatMap((charge) => [
        isRate(charge) ? "r" : "b",
        String(charge.max),
        String(isRate(charge) ? charge.windowMs : charge.expiresAtMs),
      ]),
    }));
  }
}
