import type { PublicKeyText } from "../../crypto/key-text.js";
import { checkClaimTimes } from "../claim-times.js";
import { checkCharges } from "../counters/charge.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { ClaimOutcome, ReplayHealth, SharedReplayStore } from "../types.js";
import { WaitingClaims } from "./claims.js";
import { Cleaner } from "./cleaner.js";
import { WaitingCounts } from "./counts.js";
import { Lanes } from "./lanes.js";
import { storeSettings } from "./options.js";
import type { PostgresReplayStoreOptions, StoreSettings } from "./options.js";
import { ignoreErrors } from "./pool.js";
import { checkStart } from "./start-check.js";

/** How many statements of each kind may be under way. A second one is sent while the first is being committed. */
const LANES = 2;

/** A replay store in a PostgreSQL database. */
export type PostgresReplayStore = SharedReplayStore;

/**
 * Opens a replay store in a PostgreSQL database, for any number of processes on any number of hosts.
 *
 * Its tables have to be there: see `migratePostgresReplayStore`. PostgreSQL 13 or newer; a connection pooler in transaction mode may stand
 * between. What is claimed at once is asked for in one statement. Every claim is on the server's disk before it is answered, and a nonce
 * is kept by the database's clock. What the server does not answer in time counts as unavailable, and is never asked again.
 *
 * Where a standby takes over, or the tables are restored from a copy, claims may be missing that were answered: the
 * store sees it, and refuses what was signed before (`issued_before_start`). Budgets and rates go on from what is there.
 *
 * It listens to the pool's `error` event while it is open, so that an idle connection that breaks does not end the process.
 *
 * @param options - See {@link PostgresReplayStoreOptions}.
 * @throws `ReplayStoreError` `replay_misconfigured`, within some 5 seconds, when the database cannot be asked, is a standby, has no
 * tables of this version, forgets what it acknowledged when it crashes, or has a clock that is too far from this host's; the message
 * says what to do. `OptionError` for an option that is unknown, missing, of the wrong type or out of range.
 *
 * @example
 * ```ts
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 1000 });
 * await migratePostgresReplayStore(pool);
 * const replay = await createPostgresReplayStore({ pool });
 * const guard = await createGuard({ registry: "config/registry.yaml", identity: "github-mcp", target: "mcp://github", replay });
 * ```
 */
export async function createPostgresReplayStore(
  options: PostgresReplayStoreOptions,
): Promise<PostgresReplayStore> {
  const settings = storeSettings(options);
  const stopListening = ignoreErrors(settings.pool);
  try {
    await checkStart(settings);
  } catch (error) {
    stopListening();
    throw error;
  }
  return new PostgresStore(settings, stopListening);
}

class PostgresStore implements PostgresReplayStore {
  readonly #perSignerShare: number;
  readonly #claims: WaitingClaims;
  readonly #counts: WaitingCounts;
  readonly #claimLanes: Lanes;
  readonly #countLanes: Lanes;
  readonly #cleaner: Cleaner;
  readonly #stopListening: () => void;
  #isClosed = false;

  constructor(settings: StoreSettings, stopListening: () => void) {
    const { pool, statementTimeoutMs: timeoutMs } = settings;
    this.#perSignerShare = settings.perSignerShare;
    this.#stopListening = stopListening;
    this.#claims = new WaitingClaims(settings);
    this.#counts = new WaitingCounts(settings.schema);
    this.#cleaner = new Cleaner(settings);
    const shared = { pool, timeoutMs, lanes: LANES, onAnswer: () => this.#cleaner.wake() };
    this.#claimLanes = new Lanes({ ...shared, waiting: this.#claims });
    this.#countLanes = new Lanes({ ...shared, waiting: this.#counts });
  }

  async claim(
    key: PublicKeyText,
    nonce: string,
    expiresAtMs: number,
    issuedAtMs: number,
  ): Promise<ClaimOutcome> {
    checkClaimTimes(expiresAtMs, issuedAtMs);
    this.#claimLanes.check();
    const outcome = this.#claims.add(key, nonce, expiresAtMs, issuedAtMs);
    this.#claimLanes.wake();
    return await outcome;
  }

  async charge(charges: readonly Charge[]): Promise<ChargeOutcome> {
    return await this.#count(charges, false);
  }

  async refund(charges: readonly Charge[]): Promise<void> {
    await this.#count(charges, true);
  }

  health(): ReplayHealth {
    const problem = this.#claimLanes.failure?.message ?? this.#countLanes.failure?.message;
    const told = problem ?? this.#cleaner.problem;
    return {
      kind: "postgres",
      ready: !this.#isClosed && problem === undefined,
      perSignerShare: this.#perSignerShare,
      ...(told === undefined ? {} : { problem: told }),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cleaner.close();
    await Promise.all([this.#claimLanes.close(), this.#countLanes.close()]);
    this.#stopListening();
  }

  async #count(charges: readonly Charge[], isRefund: boolean): Promise<ChargeOutcome> {
    checkCharges(charges);
    this.#countLanes.check();
    const outcome = this.#counts.add(charges, isRefund);
    this.#countLanes.wake();
    return await outcome;
  }
}
