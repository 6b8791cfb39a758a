import { agentReceiptText, paramsText } from "../../../receipt/agent-text.js";
import { checkAgentReceipt } from "../../../receipt/check.js";
import { parseAgentReceipt } from "../../../receipt/parse.js";
import { wholeBilateralText } from "../../../receipt/response-text.js";
import type { ReceiptV1 } from "../../../receipt/types.js";
import { canonicalHash } from "../../../crypto/canonical-json.js";
import { importVerifyKey } from "../../../crypto/ed25519.js";
import { parsePublicKeyText } from "../../../crypto/key-text.js";
import { CanonicalJsonError } from "../../../errors.js";
import { quotedError } from "../../../lib/text.js";
import type { AbandonedIntent } from "../../../audit/abandoned.js";
import type { AuditLog } from "../../../audit/log.js";
import { isRedacted } from "../../../audit/redacted.js";
import type { TrustRegistry } from "../../../trust/registry.js";
import type { EventLog } from "../events.js";
import { OUTCOME_UNKNOWN } from "./outcomes.js";
import type { Countersign } from "./trail.js";

interface RecoveryParts {
  readonly log: AuditLog;
  readonly targets: ReadonlySet<string>;
  readonly registry: TrustRegistry;
  readonly events: EventLog;
  readonly countersign: Countersign;
}

/** Calls that are ended together: they share what a flush of the disk takes. */
const AT_ONCE = 256;

/**
 * Gives an end to the calls that a process of this server let through and did not answer before it died. Whether their tools ran
 * nobody knows, and that is what is signed. Those of processes that live are left alone, and so are those for other servers.
 *
 * @throws `AuditLogError`, as a rejection, when the log cannot be read or written.
 */
export async function recoverCalls(parts: RecoveryParts): Promise<void> {
  const { log, events } = parts;
  const abandoned = await log.takeAbandoned();
  const ended = new Set<string>();
  let left = 0;
  const end = async (intent: AbandonedIntent): Promise<void> => {
    const agent = readIntent(intent, parts);
    if (agent === undefined) return;
    try {
      const receipt = await parts.countersign(agent, canonicalHash({}), OUTCOME_UNKNOWN);
      await log.appendText(wholeBilateralText(receipt, agent.whole));
      ended.add(intent.id);
    } catch (error) {
      left += 1;
      const detail = `a call could not be given an end: ${quotedError(error)}`;
      events.report({ type: "audit_failed", detail, error });
    }
  };
  try {
    for (let at = 0; at < abandoned.intents.length; at += AT_ONCE) {
      await Promise.all(abandoned.intents.slice(at, at + AT_ONCE).map(end));
    }
  } finally {
    await abandoned.release(ended);
  }
  if (ended.size > 0 || left > 0) events.report({ type: "recovered", closed: ended.size, left });
}

/** Reads what is to be countersigned out of the log. Nothing is signed that this server cannot have let through. */
function readIntent(
  { receipt: stored }: AbandonedIntent,
  { targets, registry }: RecoveryParts,
): { readonly receipt: ReceiptV1; readonly whole: Uint8Array } | undefined {
  const parsed = parseAgentReceipt(stored);
  if (!parsed.ok || parsed.value.v !== 1) return undefined;
  const receipt = parsed.value;
  const { action, signer } = receipt;
  const bytes = parsePublicKeyText(signer.pubkey);
  if (
    !targets.has(action.target) ||
    bytes === undefined ||
    registry.find("agents", signer.pubkey) === undefined
  ) {
    return undefined;
  }
  try {
    const text = agentReceiptText(receipt, paramsText(receipt));
    const holds = isRedacted(action.params) || checkAgentReceipt(receipt, importVerifyKey(bytes), text);
    return holds ? { receipt, whole: text.whole } : undefined;
  } catch (error) {
    if (error instanceof CanonicalJsonError) return undefined;
    throw error;
  }
}
