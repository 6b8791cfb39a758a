import { quoted } from "../../lib/text.js";
import { parseTime } from "../../lib/time.js";
import { checkDecisionFor } from "../../receipt/check-decision.js";
import { checkAuthorization } from "../../receipt/check-delegation.js";
import type { KeyLookup } from "../../receipt/signature.js";
import type { AgentReceipt, ReceiptV2, ReceiptV3, ReceiptV4 } from "../../receipt/types.js";
import type { TrustRegistry } from "../../trust/registry.js";
import type { TrustEntry, TrustLookup, TrustRefusal, TrustSection, UntrustedKey } from "../../trust/types.js";
import type { FindingCode } from "./findings.js";
import type { RecordFinding } from "./record-finding.js";

/** What a registry, as it stood at the time of a receipt, says against who signed it and for what. */

/** Checks who signed a call: the agent by its entry, or under a delegation by the chain. */
export function checkAgentStanding(
  receipt: AgentReceipt,
  registry: TrustRegistry,
  lookUpKey: KeyLookup,
): RecordFinding[] {
  const atMs = timeOf(receipt.ts);
  const findings =
    receipt.v === 1
      ? checkListedSigner(receipt, registry, atMs)
      : checkDelegatedSigner(receipt, registry, atMs, lookUpKey);
  const decision = receipt.authz_decision;
  if (decision === undefined) return findings;
  const check = checkDecisionFor(decision, receipt, atMs, lookUpKey);
  if (!check.ok) return [...findings, { code: "bad_decision", detail: check.detail, receiptId: receipt.id }];
  const authority = lookUpKeyAsOf(registry, "roots", decision.authority_pubkey, atMs);
  if (authority.ok) return findings;
  return [
    ...findings,
    { code: "bad_decision", detail: `the authority: ${authority.detail}`, receiptId: receipt.id },
  ];
}

/** The same for a receipt that an agent signed with the answer in it: at the time of the request. */
export function checkCompoundStanding(receipt: ReceiptV2, registry: TrustRegistry): RecordFinding[] {
  return checkListedSigner(receipt, registry, timeOf(receipt.ts_request));
}

/** Checks who countersigned a call at a target. */
export function checkServerStanding(
  { server, ts_response, id: receiptId }: Pick<ReceiptV3, "id" | "server" | "ts_response">,
  target: string,
  registry: TrustRegistry,
): RecordFinding[] {
  const found = lookUpKeyAsOf(registry, "servers", server.pubkey, timeOf(ts_response));
  if (!found.ok) {
    const code = found.code === "untrusted_signer" ? "untrusted_server" : found.code;
    return [{ code, detail: `the server ${quoted(server.name)}: ${found.detail}`, receiptId }];
  }
  const { entry } = found;
  const findings: RecordFinding[] = [];
  if (server.name !== entry.name) {
    const detail = `countersigned as ${quoted(server.name)}, listed as ${quoted(entry.name)}`;
    findings.push({ code: "server_mismatch", detail, receiptId });
  }
  if (!registry.answersFor(entry, target)) {
    const detail = `${quoted(entry.id)} may not answer for ${quoted(target)}`;
    findings.push({ code: "server_out_of_scope", detail, receiptId });
  }
  return findings;
}

type SignedCall = Pick<AgentReceipt | ReceiptV2, "id" | "action" | "signer">;

function checkListedSigner(receipt: SignedCall, registry: TrustRegistry, atMs: number): RecordFinding[] {
  const { signer, action, id: receiptId } = receipt;
  const found = lookUpKeyAsOf(registry, "agents", signer.pubkey, atMs);
  if (!found.ok) return [keyFinding(found, `the signer ${quoted(signer.name)}`, receiptId)];
  const { entry } = found;
  const findings: RecordFinding[] = [];
  const mismatch = claimsMismatch(receipt, entry);
  if (mismatch !== undefined) findings.push({ code: "signer_mismatch", detail: mismatch, receiptId });
  if (!registry.allows(entry, action.tool, action.target)) {
    const detail = `${quoted(entry.id)} may not call ${quoted(action.tool)} at ${quoted(action.target)}`;
    findings.push({ code: "out_of_scope", detail, receiptId });
  }
  return findings;
}

/** As the guard binds them: an empty owner claims nothing, and a principal is bound where the entry has one. */
function claimsMismatch({ signer }: SignedCall, entry: TrustEntry): string | undefined {
  const { name, owner, principal } = signer;
  if (name !== entry.name) return `signed as ${quoted(name)}, listed as ${quoted(entry.name)}`;
  if (owner !== "" && owner !== entry.owner) {
    return `signed for owner ${quoted(owner)}, listed for ${quoted(entry.owner)}`;
  }
  return entry.principal === undefined || principal === entry.principal
    ? undefined
    : "the signer's principal is not the one listed";
}

/** The root has to be listed; the others in the chain need not be, but none may be disabled or revoked. */
function checkDelegatedSigner(
  receipt: ReceiptV4,
  registry: TrustRegistry,
  atMs: number,
  lookUpKey: KeyLookup,
): RecordFinding[] {
  const { id: receiptId } = receipt;
  const findings: RecordFinding[] = [];
  const { chain, root_pubkey } = receipt.authorization;
  const root = lookUpKeyAsOf(registry, "roots", root_pubkey, atMs);
  if (!root.ok) findings.push(keyFinding(root, "the root of the chain", receiptId));
  for (const { delegate } of chain) {
    const found = lookUpKeyAsOf(registry, "roots", delegate.pubkey, atMs);
    if (!found.ok && (found.code === "key_disabled" || found.code === "key_revoked")) {
      findings.push(keyFinding(found, `the delegate ${quoted(delegate.name)}`, receiptId));
    }
  }
  const check = checkAuthorization(receipt, atMs, lookUpKey);
  if (!check.ok) findings.push({ code: CHAIN_CODES[check.code], detail: check.detail, receiptId });
  return findings;
}

const CHAIN_CODES = {
  bad_signature: "bad_delegation",
  params_mismatch: "bad_delegation",
  bad_delegation: "bad_delegation",
  delegation_expired: "delegation_expired",
  out_of_scope: "out_of_scope",
  signer_mismatch: "signer_mismatch",
  bad_decision: "bad_decision",
  bad_response: "bad_delegation",
} as const satisfies Record<string, FindingCode>;

function keyFinding(
  { code, detail }: UntrustedKey & { readonly code: TrustRefusal },
  who: string,
  receiptId: string,
): RecordFinding {
  return { code, detail: `${who}: ${detail}`, receiptId };
}

/**
 * How far the clock of whoever signed may be behind the registry's. The guard looks keys up by its own clock, and lets calls
 * through whose agents' clocks are behind: by as much, in its default, as they may be ahead.
 */
const CLOCK_BEHIND_MS = 30_000;

/** Looks a key up as of the time of a receipt: one that was just made may date it a little before that. */
function lookUpKeyAsOf(
  registry: TrustRegistry,
  section: TrustSection,
  pubkey: string,
  atMs: number,
): TrustLookup {
  const found = registry.lookUpAsOf(section, pubkey, atMs);
  if (found.ok || found.code !== "key_not_yet_valid") return found;
  const createdAtMs = registry.find(section, pubkey)?.createdAtMs;
  return createdAtMs !== undefined && createdAtMs - atMs <= CLOCK_BEHIND_MS
    ? registry.lookUpAsOf(section, pubkey, createdAtMs)
    : found;
}

/** A parsed receipt has times that can be read. */
function timeOf(text: string): number {
  return parseTime(text) ?? Number.NaN;
}
