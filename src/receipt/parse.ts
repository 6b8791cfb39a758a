import { readAgentReceipt } from "./parse-agent.js";
import { readDecision } from "./parse-decision.js";
import { readDelegationToken } from "./parse-delegation.js";
import { readReceiptV2, readReceiptV3 } from "./parse-response.js";
import { readRevocation } from "./parse-revocation.js";
import { Malformed, readVersionOf } from "./read.js";
import type {
  AgentReceipt,
  AuthorizationDecision,
  DelegationToken,
  Receipt,
  ReceiptV2,
  ReceiptV3,
  RevocationRecord,
} from "./types.js";

/**
 * What came of parsing.
 *
 * `unsupported_version`: `v` is a number, but of none of the versions asked for. `malformed`: anything else that the
 * format does not allow. `detail` is for a log: it names the member and never holds more than 64 characters of it.
 */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly code: "malformed" | "unsupported_version"; readonly detail: string };

/**
 * Parses a receipt that an agent signs before a call, v1 or v4 (wire format, sections 3, 4, 8 and 9).
 *
 * Never throws, whatever the value. The result is a copy that holds only known members, except `action.params`, which
 * is the very value that came in and has not been looked into. Refused are, at every level: unknown members, optional
 * members that are `null`, texts longer than 1,024 (prose: 8,192) characters or with half a surrogate pair, an `id` that
 * does not follow from `sig`. No signature is checked: see {@link checkAgentReceipt}.
 *
 * @returns the receipt; `unsupported_version` for another `v` than 1 or 4; `malformed` for anything else.
 */
export function parseAgentReceipt(value: unknown): Parsed<AgentReceipt> {
  return parsed(() => {
    const version = readVersionOf(value, "receipt");
    if (version !== 1 && version !== 4) return unsupported(version);
    return accepted(readAgentReceipt(value, "receipt", version));
  });
}

/** Parses a receipt of any version, v1 to v4, by the rules of {@link parseAgentReceipt}. */
export function parseReceipt(value: unknown): Parsed<Receipt> {
  return parsed<Receipt>(() => {
    const version = readVersionOf(value, "receipt");
    if (version === 1 || version === 4) return accepted(readAgentReceipt(value, "receipt", version));
    if (version === 2) return accepted(readReceiptV2(value, "receipt"));
    if (version === 3) return accepted(readReceiptV3(value, "receipt"));
    return unsupported(version);
  });
}

/** Parses a compound (v2) receipt by the rules of {@link parseAgentReceipt}. */
export function parseCompoundReceipt(value: unknown): Parsed<ReceiptV2> {
  return parsed(() => {
    const version = readVersionOf(value, "receipt");
    return version === 2 ? accepted(readReceiptV2(value, "receipt")) : unsupported(version);
  });
}

/**
 * Parses a countersigned (v3) receipt by the rules of {@link parseAgentReceipt}, which hold for the agent's receipt in
 * it as well. `extensions`, which nobody signed, are copied if they are small (16 kB, 32 levels).
 */
export function parseBilateralReceipt(value: unknown): Parsed<ReceiptV3> {
  return parsed(() => {
    const version = readVersionOf(value, "receipt");
    return version === 3 ? accepted(readReceiptV3(value, "receipt")) : unsupported(version);
  });
}

/**
 * Parses a delegation token (wire format, section 9) by the rules of {@link parseAgentReceipt}. `scope.budget` of older
 * releases is refused: it is neither signed nor enforced by anybody.
 */
export function parseDelegationToken(value: unknown): Parsed<DelegationToken> {
  return parsed(() => {
    const version = readVersionOf(value, "token");
    return version === 1 ? accepted(readDelegationToken(value, "token")) : unsupported(version);
  });
}

/** Parses an authorization decision (wire format, section 9b) by the rules of {@link parseAgentReceipt}. */
export function parseAuthorizationDecision(value: unknown): Parsed<AuthorizationDecision> {
  return parsed(() => {
    const version = readVersionOf(value, "decision");
    return version === 1 ? accepted(readDecision(value, "decision")) : unsupported(version);
  });
}

/** Parses a revocation record (wire format, section 9c) by the rules of {@link parseAgentReceipt}. */
export function parseRevocationRecord(value: unknown): Parsed<RevocationRecord> {
  return parsed(() => {
    const version = readVersionOf(value, "revocation");
    return version === 1 ? accepted(readRevocation(value, "revocation")) : unsupported(version);
  });
}

function accepted<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

function unsupported<Value>(version: number): Parsed<Value> {
  return { ok: false, code: "unsupported_version", detail: `version ${version} is not supported` };
}

function parsed<Value>(read: () => Parsed<Value>): Parsed<Value> {
  try {
    return read();
  } catch (error) {
    // Anything else was thrown by a getter or a Proxy in the value, which only a peer in the same process can make.
    const detail = error instanceof Malformed ? error.message : "the value cannot be read";
    return { ok: false, code: "malformed", detail };
  }
}
