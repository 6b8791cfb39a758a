import * as fc from "fast-check";

import { encodeBase64 } from "../../src/crypto/base64.js";
import { createSigner, formatPublicKey } from "../../src/receipt/index.js";
import type { Outcome, PublicKeyText, Signer } from "../../src/receipt/index.js";
import type { JsonValue } from "../../src/lib/json.js";
import { jsonStrings, jsonValues } from "../support/json-values.js";

/** One key, as both sides take it. */
export interface Party {
  readonly signer: Signer;
  readonly seed: string;
  readonly key: string;
  readonly pubkey: PublicKeyText;
}

export const agent: Party = party(11);
export const server: Party = party(12);
export const root: Party = party(13);
export const middle: Party = party(14);
export const authority: Party = party(15);

function party(number: number): Party {
  const seed = new Uint8Array(32).fill(number);
  const signer = createSigner(seed);
  return {
    signer,
    seed: encodeBase64(seed),
    key: encodeBase64(signer.publicKey),
    pubkey: formatPublicKey(signer.publicKey),
  };
}

/** A call with its answer, in any Unicode and with any number. */
export interface Call {
  readonly tool: string;
  readonly target: string;
  readonly transport: string;
  readonly name: string;
  readonly owner: string;
  readonly params: JsonValue;
  readonly result: JsonValue;
  readonly outcome: Outcome | undefined;
}

const OUTCOMES: readonly (Outcome | undefined)[] = [
  undefined,
  { status: "executed" },
  { status: "failed", error: "Fehler: ¯\\_(ツ)_/¯" },
  { status: "rejected", reason: "no" },
  { status: "requires_approval", reason: "" },
  { status: "verified", reason: "r", error: "e" },
];

export const calls: fc.Arbitrary<Call> = fc.record({
  tool: jsonStrings(),
  target: jsonStrings(),
  transport: fc.oneof(fc.constantFrom("stdio", "http", "SSE", "Ünix"), jsonStrings()),
  name: jsonStrings(),
  owner: jsonStrings(),
  params: jsonValues(),
  result: jsonValues(),
  outcome: fc.constantFrom(...OUTCOMES),
});

/** How a chain for a call is cut: to the exact names or to all, with an end, with limits. */
export interface Cut {
  readonly exact: boolean;
  readonly expires: boolean;
  readonly constrained: boolean;
}

export const cuts: fc.Arbitrary<Cut> = fc.record({
  exact: fc.boolean(),
  expires: fc.boolean(),
  constrained: fc.boolean(),
});

/** The names that a chain for a call covers. A lone `*` is no name. */
export function namesOf({ tool, target }: Call, { exact }: Cut): { tools: string[]; targets: string[] } {
  const named = exact && tool !== "*" && target !== "*";
  return named ? { tools: [tool, "other"], targets: [target] } : { tools: ["*"], targets: ["*"] };
}
