import type { PublicKeyText } from "../../crypto/key-text.js";
import type { ReplayStoreError } from "../../errors.js";
import { checkClaimTimes } from "../claim-times.js";
import { checkCharges } from "../counters/charge.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { ClaimOutcome, ReplayHealth, SharedReplayStore } from "../types.js";
import { CallCounters } from "./call-counters.js";
import { ClaimQueue } from "./claim-queue.js";
import type { ClaimSender } from "./claim-queue.js";
import type { PendingClaim } from "./claim-batch.js";
import { chargeFault, givenUp, refuse } from "./faults.js";
import { InFlight } from "./in-flight.js";
import { BUCKETS, Keyspace } from "./keyspace.js";
import { claimScript } from "./lua/claim.js";
import { spanOf } from "./lua/signer-count.js";
import type { RedisSettings } from "./options.js";
import { PolicyWatch } from "./policy-watch.js";
import type { WatchIntervals } from "./policy-watch.js";
import { Script } from "./script.js";
import { start } from "./start.js";

/** A replay store in a Redis server or Cluster. Answers with a promise, always. */
export type RedisReplayStore = SharedReplayStore;

const WATCH_INTERVALS: WatchIntervals = { rightMs: 60_000, wrongMs: 1000 };

/** Claims without an answer at most, so that a server that hangs does not fill the memory. */
const MAX_UNANSWERED = 50_000;

/** From when on a server that does not answer is called a problem. */
const SLOW_MS = 1000;

const CLOSE_WAIT_MS = 1000;

/** Checks client and server, and opens a store on them. */
export async function openStore(
  settings: RedisSettings,
  intervals: WatchIntervals = WATCH_INTERVALS,
): Promise<RedisReplayStore> {
  const keyspace = new Keyspace(settings.keyPrefix);
  const script = new Script(claimScript(settings));
  await start(settings, keyspace, script);
  return new RedisStore(settings, keyspace, script, intervals);
}

class RedisStore implements RedisReplayStore {
  readonly #settings: RedisSettings;
  readonly #keyspace: Keyspace;
  readonly #watch: PolicyWatch;
  readonly #queues: readonly ClaimQueue[];
  readonly #counters: CallCounters;
  readonly #inFlight = new InFlight();
  #unanswered = 0;
  #fault: ReplayStoreError | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: RedisSettings, keyspace: Keyspace, script: Script, intervals: WatchIntervals) {
    const { connection, storeClockSkewMs } = settings;
    this.#settings = settings;
    this.#keyspace = keyspace;
    this.#watch = new PolicyWatch(settings, keyspace, intervals);
    this.#counters = new CallCounters(connection, keyspace, storeClockSkewMs);
    const sender: ClaimSender = {
      run: (keys, args) => script.run(connection, keys, args),
      inFlight: this.#inFlight,
      onSettled: (claims, fault) => {
        this.#unanswered -= claims;
        this.#fault = fault;
      },
    };
    this.#queues = Array.from(
      { length: BUCKETS },
      (_, bucket) => new ClaimQueue(keyspace.head(bucket), sender),
    );
  }

  claim(key: PublicKeyText, nonce: string, expiresAtMs: number, issuedAtMs: number): Promise<ClaimOutcome> {
    return new Promise((resolve, reject) => {
      checkClaimTimes(expiresAtMs, issuedAtMs);
      this.#refuseIfUnfit();
      const hostNowMs = this.#settings.clock();
      if (Number.isNaN(hostNowMs)) throw refuse("replay_unavailable", "options.clock tells no time");
      if (this.#unanswered >= MAX_UNANSWERED) {
        throw refuse("replay_unavailable", `the Redis server has not answered ${MAX_UNANSWERED} claims`);
      }
      const { bucket, countKey } = this.#keyspace.placeOf(key);
      const nonceKey = this.#keyspace.nonceKey(bucket, key, nonce);
      const span = spanOf(expiresAtMs + this.#settings.storeClockSkewMs);
      const pending: PendingClaim = { countKey, nonceKey, span, expiresAtMs, issuedAtMs, resolve, reject };
      this.#unanswered++;
      this.#queues[bucket]?.add(pending, hostNowMs);
    });
  }

  async charge(charges: readonly Charge[]): Promise<ChargeOutcome> {
    checkCharges(charges);
    this.#refuseIfUnfit();
    return await this.#count(this.#counters.charge(charges));
  }

  async refund(charges: readonly Charge[]): Promise<void> {
    checkCharges(charges);
    this.#refuseIfClosed();
    await this.#count(this.#counters.refund(charges));
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  health(): ReplayHealth {
    const problem = this.#findProblem();
    const { perSignerShare } = this.#settings;
    return {
      kind: "redis",
      ready: problem === undefined,
      perSignerShare,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  async #drain(): Promise<void> {
    // What is waiting for the end of this turn is still sent.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#inFlight.drain(CLOSE_WAIT_MS);
  }

  #count<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const sent = this.#inFlight.begin(() => {
        reject(givenUp());
      });
      const end = (): void => {
        this.#inFlight.end(sent);
      };
      work.then(resolve, (error: unknown) => {
        reject(chargeFault(error));
      });
      void work.then(end, end);
    });
  }

  #refuseIfUnfit(): void {
    this.#refuseIfClosed();
    this.#watch.pass();
    const { problem } = this.#watch;
    if (problem !== undefined) throw refuse("replay_unavailable", problem);
  }

  #refuseIfClosed(): void {
    if (this.#closing !== undefined) throw refuse("replay_unavailable", "the store is closed");
  }

  #findProblem(): string | undefined {
    if (this.#closing !== undefined) return "the store is closed";
    const { is, name } = this.#settings.connection.state();
    if (is !== "ready") return `the Redis client is not ready: it is ${name}`;
    if (this.#watch.problem !== undefined) return this.#watch.problem;
    const waitingMs = this.#inFlight.waitingMs();
    if (waitingMs >= SLOW_MS) return `the Redis server has not answered for ${Math.floor(waitingMs)} ms`;
    return this.#fault?.message;
  }
}
