import type { Signer } from "../crypto/signer.js";
import { invalidOption } from "../lib/option.js";
import { timeText } from "./draft.js";

/** What all that an issuer signs has in common. */
export interface IssuerInput {
  readonly signer: Signer;
  /** When it is signed, in milliseconds since the Unix epoch. */
  readonly issuedAtMs: number;
  /** 1 to 128 characters of printable ASCII, never used before. Default: 128 random bits. */
  readonly nonce?: string | undefined;
}

/** Writes when something ends that is about to be signed. */
export function endText(expiresAtMs: number | undefined, issuedAtMs: number): string | undefined {
  if (expiresAtMs === undefined) return undefined;
  if (!(expiresAtMs > issuedAtMs)) throw invalidOption("expiresAtMs", "after issuedAtMs", expiresAtMs);
  return timeText(expiresAtMs, "expiresAtMs");
}
