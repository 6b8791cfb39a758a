import type { ReplayStoreErrorCode } from "../../errors.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { GateCells } from "./exit-gate.js";
import type { LedgerClaim, LedgerOutcome } from "./ledger.js";

/** What the thread of a file store is started with. */
export interface FileStoreSettings {
  readonly dir: string;
  readonly capacity: number;
  readonly perSignerShare: number;
  /** When a store that is made now begins to remember, in milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
}

/** What the thread is started with, and the cells by which it and the end of the process keep out of each other's way. */
export interface FileStoreThreadData {
  readonly settings: FileStoreSettings;
  readonly gate: GateCells;
}

/** What is done in a transaction. Answered in the order in which it was asked. */
export type LedgerRequest =
  | { readonly kind: "claim"; readonly nowMs: number; readonly claims: Uint8Array }
  | { readonly kind: "charge"; readonly nowMs: number; readonly charges: readonly Charge[] }
  | { readonly kind: "refund"; readonly nowMs: number; readonly charges: readonly Charge[] };

/** What the thread is asked. */
export type FileStoreRequest = LedgerRequest | "close";

/** Why the thread could not do what it was asked. `lasting`: it has to be started anew. */
export interface FileStoreFault {
  readonly kind: "fault";
  readonly code: ReplayStoreErrorCode | "dependency_missing";
  readonly message: string;
  readonly lasting: boolean;
}

/** What came of one request. */
export type FileStoreResult =
  | { readonly kind: "claimed"; readonly outcomes: Uint8Array }
  | { readonly kind: "charged"; readonly outcome: ChargeOutcome }
  | { readonly kind: "refunded" }
  | FileStoreFault;

/** What the thread says. */
export type FileStoreMessage =
  | { readonly kind: "opened" }
  | { readonly kind: "answers"; readonly results: readonly FileStoreResult[] }
  | FileStoreFault;

const OUTCOMES: readonly LedgerOutcome[] = [
  "claimed",
  "replayed",
  "full",
  "share_full",
  "before_start",
  "forgotten",
];

const ID_BYTES = 32;
const SIGNER_BYTES = 16;
const CLAIM_BYTES = ID_BYTES + SIGNER_BYTES + 16;

/** Puts claims into one run of bytes: to send that costs a third of what objects do. */
export function encodeClaims(claims: readonly LedgerClaim[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(claims.length * CLAIM_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { id, signer, expiresAtMs, issuedAtMs } of claims) {
    bytes.set(id, at);
    bytes.set(signer, at + ID_BYTES);
    view.setFloat64(at + ID_BYTES + SIGNER_BYTES, expiresAtMs);
    view.setFloat64(at + ID_BYTES + SIGNER_BYTES + 8, issuedAtMs);
    at += CLAIM_BYTES;
  }
  return bytes;
}

export function decodeClaims(bytes: Uint8Array): LedgerClaim[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / CLAIM_BYTES }, (_, index) => {
    const at = index * CLAIM_BYTES;
    const times = at + ID_BYTES + SIGNER_BYTES;
    return {
      id: bytes.subarray(at, at + ID_BYTES),
      signer: bytes.subarray(at + ID_BYTES, times),
      expiresAtMs: view.getFloat64(times),
      issuedAtMs: view.getFloat64(times + 8),
    };
  });
}

export function encodeOutcomes(outcomes: readonly LedgerOutcome[]): Uint8Array {
  return Uint8Array.from(outcomes, (outcome) => OUTCOMES.indexOf(outcome));
}

export function decodeOutcome(code: number | undefined): LedgerOutcome | undefined {
  return code === undefined ? undefined : OUTCOMES[code];
}
