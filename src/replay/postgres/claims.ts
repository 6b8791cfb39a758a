import type { PublicKeyText } from "../../crypto/key-text.js";
import { ReplayStoreError } from "../../errors.js";
import { nonceId, signerId } from "../nonce-id.js";
import type { ClaimOutcome } from "../types.js";
import { unavailable } from "./failures.js";
import type { Batch, Waiting } from "./lanes.js";
import { bytesLiteral, integerLiteral, integersLiteral } from "./literals.js";
import type { StoreSettings } from "./options.js";

/** How many nonces go into one statement. */
const MAX_BATCH = 512;

interface Claim {
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
  readonly sinceMs: number;
  readonly resolve: (outcome: ClaimOutcome) => void;
  readonly reject: (error: ReplayStoreError) => void;
}

/** Claims of one nonce: at most one of them gets it. */
interface Copies {
  readonly id: string;
  readonly signer: string;
  readonly claims: Claim[];
}

/** Claims that wait for a statement. */
export class WaitingClaims implements Waiting {
  readonly #settings: StoreSettings;
  readonly #copies = new Map<string, Copies>();
  #size = 0;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#size;
  }

  get oldestMs(): number | undefined {
    const [first] = this.#copies.values();
    return first?.claims[0]?.sinceMs;
  }

  add(key: PublicKeyText, nonce: string, expiresAtMs: number, issuedAtMs: number): Promise<ClaimOutcome> {
    return new Promise((resolve, reject) => {
      const claim = { expiresAtMs, issuedAtMs, sinceMs: performance.now(), resolve, reject };
      this.#add(nonceId(key, nonce).toString("hex"), signerId(key).toString("hex"), [claim]);
    });
  }

  take(): Batch | undefined {
    const taken: Copies[] = [];
    for (const copies of this.#copies.values()) {
      if (taken.length === MAX_BATCH) break;
      this.#copies.delete(copies.id);
      this.#size -= copies.claims.length;
      taken.push(copies);
    }
    return taken.length === 0 ? undefined : this.#batchOf(taken);
  }

  failBefore(timeMs: number, error: ReplayStoreError): void {
    for (const copies of this.#copies.values()) {
      const [late, left] = part(copies.claims, ({ sinceMs }) => sinceMs <= timeMs);
      if (late.length === 0) continue;
      this.#copies.delete(copies.id);
      this.#size -= copies.claims.length;
      if (left.length > 0) this.#add(copies.id, copies.signer, left);
      for (const { reject } of late) reject(error);
    }
  }

  #add(id: string, signer: string, claims: readonly Claim[]): void {
    const copies = this.#copies.get(id);
    if (copies === undefined) this.#copies.set(id, { id, signer, claims: [...claims] });
    else copies.claims.push(...claims);
    this.#size += claims.length;
  }

  #batchOf(taken: readonly Copies[]): Batch {
    return {
      select: () => claimText(taken, this.#settings),
      settle: (answer) => {
        if (answer.startsWith("clock ")) throw clockError(Number(answer.slice("clock ".length)));
        if (!/^[crfbap]+$/.test(answer) || answer.length !== taken.length) {
          throw unavailable("the server gave no valid answer");
        }
        taken.forEach((copies, index) => {
          this.#settle(copies, answer.charAt(index));
        });
      },
      fail: (error) => {
        for (const { reject } of taken.flatMap(({ claims }) => claims)) reject(error);
      },
    };
  }

  #settle({ id, signer, claims }: Copies, letter: string): void {
    const [first, ...rest] = claims;
    if (first === undefined) return;
    if (letter === "c" || letter === "r") {
      first.resolve(letter === "c" ? "claimed" : "replayed");
      for (const { resolve } of rest) resolve("replayed");
      return;
    }
    // What holds for the first holds for all with its times. The others have to be asked for.
    const [same, others] = part(
      claims,
      (claim) => claim.expiresAtMs === first.expiresAtMs && claim.issuedAtMs === first.issuedAtMs,
    );
    for (const { reject } of same) reject(this.#refusal(letter));
    if (others.length > 0) this.#add(id, signer, others);
  }

  #refusal(letter: string): ReplayStoreError {
    const { perSignerShare } = this.#settings;
    switch (letter) {
      case "f":
        return new ReplayStoreError("replay_full", `the signer has ${perSignerShare} live nonces`);
      case "b":
        return new ReplayStoreError(
          "issued_before_start",
          "signed before this store began to remember, or too soon after; sign it again",
        );
      case "a":
        return unavailable(
          "the receipt is dated too far ahead of the database's clock; check both clocks (NTP)",
        );
      default:
        return unavailable(
          "nonces of this time are forgotten: it is past, or guards with other windows use the store",
        );
    }
  }
}

/** The call of the function `signet_replay_claim`. */
function claimText(taken: readonly Copies[], settings: StoreSettings): string {
  const signers = [...new Set(taken.map(({ signer }) => signer))].sort();
  const places = new Map(signers.map((signer, index) => [signer, index + 1]));
  const firsts = taken.flatMap(({ claims }) => claims.slice(0, 1));
  const { schema, perSignerShare, clockSkewMs, storeClockSkewMs, clock } = settings;
  return `${schema}.signet_replay_claim(${[
    bytesLiteral(taken.map(({ id }) => id)),
    bytesLiteral(signers),
    integersLiteral(
      taken.map(({ signer }) => places.get(signer) ?? 0),
      "integer",
    ),
    integersLiteral(
      firsts.map(({ expiresAtMs }) => expiresAtMs),
      "bigint",
    ),
    integersLiteral(
      firsts.map(({ issuedAtMs }) => issuedAtMs),
      "bigint",
    ),
    ...[clock(), perSignerShare, clockSkewMs, storeClockSkewMs].map((value) =>
      integerLiteral(value, "bigint"),
    ),
  ].join(", ")})`;
}

function clockError(aheadMs: number): ReplayStoreError {
  const side = aheadMs > 0 ? "ahead of" : "behind";
  return unavailable(
    `the database's clock is ${Math.abs(aheadMs)} ms ${side} this host's, more than storeClockSkewMs; set both by NTP`,
  );
}

function part<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
