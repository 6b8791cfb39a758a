import type { AbandonedIntent } from "../../../audit/intents/abandoned.js";
import { NO_ANSWER_HASH } from "../../../audit/intents/intent-ends.js";
import type { AuditLog } from "../../../audit/log.js";
import { isRedacted } from "../../../audit/record/redacted.js";
import { RECORD_LEVELS } from "../../../audit/record/types.js";
import { AuditLogError, CanonicalJsonError } from "../../../errors.js";
import type { JsonRecord } from "../../../lib/json.js";
import { quotedError } from "../../../lib/text.js";
import { parseTime } from "../../../lib/time.js";
import { agentReceiptText, paramsText } from "../../../receipt/agent-text.js";
import { checkAgentReceipt } from "../../../receipt/check.js";
import { parseAgentReceipt } from "../../../receipt/parse.js";
import { wholeBilateralText } from "../../../receipt/response-text.js";
import type { ReceiptV1 } from "../../../receipt/types.js";
import type { TrustRegistry } from "../../../trust/registry.js";
import { checkScope, checkSignerClaims } from "../../../verify/check-signer.js";
import type { EventLog } from "../events.js";
import type { IntentTags } from "./intent-tag.js";
import { OUTCOME_UNKNOWN } from "./outcomes.js";
import type { Countersign } from "./trail.js";

interface RecoveryParts {
  readonly log: AuditLog;
  readonly targets: ReadonlySet<string>;
  readonly registry: TrustRegistry;
  readonly requireTools: boolean;
  readonly events: EventLog;
  readonly countersign: Countersign;
  readonly tags: IntentTags | undefined;
}

/** A receipt as it is stored, and to be countersigned. */
interface StoredIntent {
  readonly receipt: ReceiptV1;
  readonly whole: Uint8Array;
}

/** Calls that are ended together: they share what a flush of the disk takes. */
const AT_ONCE = 256;

/**
 * Gives an end to the calls that a process of this server let through and did not answer before it died. Whether their tools ran
 * nobody knows, and that is what is signed. Those of processes that live are left alone, and so are those of other servers.
 *
 * What cannot be done is told by event, and left for the next start.
 */
export async function recoverCalls(parts: RecoveryParts): Promise<void> {
  const { log, events } = parts;
  const fail = (what: string, error: unknown): void => {
    events.report({ type: "audit_failed", detail: `${what}: ${quotedError(error)}`, error });
  };
  try {
    const abandoned = await log.takeAbandoned();
    const ended = new Set<string>();
    let left = 0;
    const end = async (intent: AbandonedIntent): Promise<void> => {
      const [agent] = intent.receipts
        .map((receipt) => readIntent(intent, receipt, parts))
        .filter((one) => one !== undefined);
      if (agent === "another server's") return;
      try {
        if (agent === undefined) throw new Error("it is not known to have been let through by this server");
        const receipt = await parts.countersign(agent, NO_ANSWER_HASH, OUTCOME_UNKNOWN);
        await log.appendText(wholeBilateralText(receipt, agent.whole));
        ended.add(intent.id);
      } catch (error) {
        left += 1;
        fail(`the call ${intent.id} could not be given an end`, error);
      }
    };
    try {
      for (let at = 0; at < abandoned.intents.length; at += AT_ONCE) {
        await Promise.all(abandoned.intents.slice(at, at + AT_ONCE).map(end));
      }
    } finally {
      await abandoned.release(ended);
    }
    const { unread } = abandoned;
    if (unread !== undefined) fail("calls may have no end", new Error(`the log cannot be read at ${unread}`));
    if (ended.size > 0 || left > 0) events.report({ type: "recovered", closed: ended.size, left });
  } catch (error) {
    if (!(error instanceof AuditLogError)) throw error;
    fail("calls that were left could not be looked for", error);
  }
}

/**
 * Reads what is to be countersigned out of the log, where anybody may have written who has the files. This server knows by its
 * own mark what it let through. Where its key is a key service's there are no marks: then the receipt has to hold
 * in itself, and be of a call that the registry, as it stood, allows here.
 */
function readIntent(
  { id, tags: noted }: AbandonedIntent,
  stored: JsonRecord,
  { targets, tags, registry, requireTools }: RecoveryParts,
): StoredIntent | "another server's" | undefined {
  const parsed = parseAgentReceipt(stored);
  if (!parsed.ok || parsed.value.v !== 1) return undefined;
  const receipt = parsed.value;
  if (!targets.has(receipt.action.target)) return "another server's";
  const text = textOf(receipt);
  if (text === undefined) return undefined;
  const intent = { receipt, whole: text.whole };
  if (noted.some((tag) => tags?.check(tag, id, text.whole))) return intent;
  if (tags !== undefined || isRedacted(receipt.action.params)) return undefined;
  const found = registry.lookUpAsOf("agents", receipt.signer.pubkey, parseTime(receipt.ts) ?? Number.NaN);
  if (!found.ok || !checkAgentReceipt(receipt, found.key, text)) return undefined;
  const misfit =
    checkSignerClaims(receipt, found.entry) ?? checkScope(receipt, found.entry, registry, { requireTools });
  return misfit === undefined ? intent : undefined;
}

function textOf(receipt: ReceiptV1): ReturnType<typeof agentReceiptText> | undefined {
  try {
    return agentReceiptText(receipt, paramsText(receipt, { maxDepth: RECORD_LEVELS }));
  } catch (error) {
    if (error instanceof CanonicalJsonError) return undefined;
    throw error;
  }
}
