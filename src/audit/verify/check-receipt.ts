import { canonicalBytes } from "../../crypto/canonical-json.js";
import { CanonicalJsonError } from "../../errors.js";
import { ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { quoted } from "../../lib/text.js";
import { parseTime } from "../../lib/time.js";
import { compoundText, useBilateralText } from "../../receipt/response-text.js";
import type { AgentReceipt, Receipt, ReceiptV2, ReceiptV3 } from "../../receipt/types.js";
import { RECORD_TYPES } from "../record/record-types.js";
import { RECORD_LEVELS } from "../record/types.js";
import { AgentMemory } from "./agent-memory.js";
import type { KnownAgent } from "./agent-memory.js";
import { isWholeBilateral, readAnswer } from "./bilateral-layout.js";
import type { Answer } from "./bilateral-layout.js";
import { badSignature, checkAgent, checkParamsHash } from "./check-agent.js";
import type { AgentOutcome, CheckContext } from "./check-agent.js";
import { parseWithIds } from "./derived-ids.js";
import { envelopeFault, openReceipt } from "./encrypted-params.js";
import type { OpenedReceipt, ParamsKeys } from "./encrypted-params.js";
import type { FindingCode } from "./findings.js";
import type { RecordFinding } from "./record-finding.js";
import { checkAgentStanding, checkCompoundStanding, checkServerStanding } from "./standing.js";

/** What a record is, as far as its signatures go. */
export type SignatureState =
  /** All of them were checked. */
  | "checked"
  /** A record with a `type`, or none that could be read: there is nothing to check. */
  | "unsigned"
  | "redacted"
  | "encrypted";

/** What came of checking a record's receipt. */
export interface ReceiptCheck {
  /** As `summariseRecord` names kinds. */
  readonly kind: string;
  readonly findings: readonly RecordFinding[];
  readonly state: SignatureState;
  /** Whether the text that it was read from is known to be its canonical text. */
  readonly isCanonical: boolean;
}

/** Checks the receipts of a log, one after another. What it remembers of them makes it faster, nothing else. */
export class ReceiptChecker {
  readonly #context: CheckContext;
  readonly #paramsKeys: ParamsKeys | undefined;
  readonly #memory = new AgentMemory();

  constructor(context: CheckContext, paramsKeys?: ParamsKeys) {
    this.#context = context;
    this.#paramsKeys = paramsKeys;
  }

  /** Checks receipts many in a row: see {@link Signatures.inARow}. */
  inARow<Result>(work: () => Result): Result {
    return this.#context.signatures.inARow(work, () => this.#memory.clear());
  }

  /**
   * Checks a receipt of any version, or a record with a `type`. Never throws.
   *
   * @param text - What it was read from, if that may be its canonical text.
   */
  check(value: JsonRecord, text: Buffer | undefined): ReceiptCheck {
    if (!Object.hasOwn(value, "v")) return checkTyped(value);
    try {
      return this.#checkReceipt(value, text);
    } catch (error) {
      if (!(error instanceof CanonicalJsonError)) throw error;
      const finding = { code: "not_canonical", detail: `the receipt: ${error.message}` } as const;
      return refused(kindOf(ownValue(value, "v")), finding);
    }
  }

  /** Checks a countersigned receipt by its text, if it embeds a receipt that was checked before. */
  checkKnown(text: Buffer): ReceiptCheck | undefined {
    const known = readAnswer(text, this.#memory);
    return known && this.#checkAnswer(known.answer, known.agent, text);
  }

  #checkReceipt(value: JsonRecord, text: Buffer | undefined): ReceiptCheck {
    const envelope = envelopeFault(value);
    if (envelope !== undefined) return refused("unknown", { code: "receipt_malformed", detail: envelope });
    const opened = openReceipt(value, this.#paramsKeys);
    const { receipt, ids, refusal } = parseWithIds(opened.receipt);
    if (receipt === undefined) return refused("unknown", refusal);
    const check = opened.sealed
      ? this.#checkSealed(receipt, opened)
      : this.#checkOpen(receipt, opened.receipt === value ? text : undefined);
    return ids.length === 0 ? check : { ...check, findings: [...ids, ...check.findings], isCanonical: false };
  }

  #checkOpen(receipt: Receipt, text: Buffer | undefined): ReceiptCheck {
    if (receipt.v === 2) return this.#checkCompound(receipt);
    if (receipt.v === 3) return this.#checkAnswer(receipt, this.#checkAgent(receipt.agent_receipt), text);
    const { outcome, whole } = this.#checkAgent(receipt);
    return {
      kind: "intent",
      findings: [...outcome.faults, ...outcome.standing],
      state: outcome.redacted ? "redacted" : "checked",
      isCanonical: text?.equals(whole) === true,
    };
  }

  #checkAgent(receipt: AgentReceipt): KnownAgent {
    const { outcome, whole } = checkAgent(receipt, this.#context);
    return this.#memory.keep(receipt, whole, outcome);
  }

  #checkCompound(receipt: ReceiptV2): ReceiptCheck {
    const { lookUpKey, signatures, registry } = this.#context;
    const params = canonicalBytes(receipt.action.params, { maxDepth: RECORD_LEVELS });
    const findings: RecordFinding[] = [];
    const mismatch = checkParamsHash(receipt.action, params, receipt.id);
    if (mismatch !== undefined) findings.push(mismatch);
    const signed = compoundText(receipt, params);
    if (!signatures.holds(lookUpKey(receipt.signer.pubkey), signed, receipt.sig)) {
      findings.push(badSignature(receipt.id));
    }
    findings.push(...checkOrder(receipt.ts_request, receipt.ts_response, receipt.id));
    if (registry !== undefined) findings.push(...checkCompoundStanding(receipt, registry));
    return { kind: "compound", findings, state: "checked", isCanonical: false };
  }

  #checkAnswer(answer: Answer, agent: KnownAgent, text: Buffer | undefined): ReceiptCheck {
    const { lookUpKey, signatures, registry } = this.#context;
    const { outcome, whole, ts, target } = agent;
    let isCanonical = false;
    const holds = useBilateralText(answer, whole, (signed) => {
      isCanonical = text !== undefined && isWholeBilateral(text, answer, signed, whole.length);
      return signatures.holds(lookUpKey(answer.server.pubkey), signed, answer.sig);
    });
    const findings = agentFindings(answer, outcome);
    if (!holds) {
      const detail = `the server's signature of ${answer.id} does not hold`;
      findings.push({ code: "bad_countersignature", detail, receiptId: answer.id });
    }
    findings.push(...checkOrder(ts, answer.ts_response, answer.id));
    if (registry !== undefined) findings.push(...checkServerStanding(answer, target, registry));
    return {
      kind: "countersigned",
      findings,
      state: outcome.redacted ? "redacted" : "checked",
      isCanonical,
    };
  }

  /** Checks what can be checked while the params are encrypted, which all signatures cover. */
  #checkSealed(receipt: Receipt, { finding }: OpenedReceipt): ReceiptCheck {
    const { lookUpKey, registry } = this.#context;
    const findings: RecordFinding[] = finding === undefined ? [] : [{ ...finding, receiptId: receipt.id }];
    if (receipt.v === 3)
      findings.push(...checkOrder(receipt.agent_receipt.ts, receipt.ts_response, receipt.id));
    if (registry !== undefined) findings.push(...standingOf(receipt, registry, lookUpKey));
    return { kind: kindOf(receipt.v), findings, state: "encrypted", isCanonical: false };
  }
}

function standingOf(
  receipt: Receipt,
  registry: NonNullable<CheckContext["registry"]>,
  lookUpKey: CheckContext["lookUpKey"],
): readonly RecordFinding[] {
  if (receipt.v === 2) return checkCompoundStanding(receipt, registry);
  if (receipt.v !== 3) return checkAgentStanding(receipt, registry, lookUpKey);
  const standing = checkAgentStanding(receipt.agent_receipt, registry, lookUpKey);
  return [
    ...agentFindings(receipt, { faults: [], standing, redacted: false }),
    ...checkServerStanding(receipt, receipt.agent_receipt.action.target, registry),
  ];
}

/**
 * What is wrong with the agent's part of a countersigned receipt. A call that the server says it refused did not run: that
 * the registry had this against its signer, or that its params were others, is then what the record is about. All else
 * stays: a server's word does not make up for a signature that does not hold.
 */
function agentFindings(
  { response }: Pick<ReceiptV3, "response">,
  { faults, standing }: AgentOutcome,
): RecordFinding[] {
  const { outcome } = response;
  const reason = outcome?.status === "rejected" ? outcome.reason : undefined;
  return [
    ...faults.filter(({ code }) => code !== "params_mismatch" || code !== reason),
    ...standing.filter(({ code }) => code !== reason || SIGNED_FAULTS.includes(code)),
  ];
}

/** Faults of what others signed and a receipt carries, which a registry's checks find as well. */
const SIGNED_FAULTS: readonly FindingCode[] = ["bad_delegation", "bad_decision"];

function checkOrder(asked: string, answered: string, receiptId: string): RecordFinding[] {
  const [askedMs, answeredMs] = [parseTime(asked), parseTime(answered)];
  if (askedMs !== undefined && answeredMs !== undefined && askedMs <= answeredMs) return [];
  return [{ code: "answered_before_asked", detail: `asked at ${asked}, answered at ${answered}`, receiptId }];
}

function checkTyped(value: JsonRecord): ReceiptCheck {
  const type = ownValue(value, "type");
  if (typeof type !== "string") {
    return refused("unknown", { code: "receipt_malformed", detail: "it has neither `v` nor `type`" });
  }
  if (!RECORD_TYPES.includes(type)) {
    return refused("unknown", { code: "unknown_type", detail: `type ${quoted(type)} is not known` });
  }
  if (parseTime(ownValue(value, "ts")) === undefined) {
    return refused(type, { code: "receipt_malformed", detail: "ts is no time of RFC 3339 in UTC" });
  }
  return { kind: type, findings: [], state: "unsigned", isCanonical: false };
}

function refused(kind: string, finding: RecordFinding): ReceiptCheck {
  return { kind, findings: [finding], state: "unsigned", isCanonical: false };
}

function kindOf(version: unknown): string {
  if (version === 1 || version === 4) return "intent";
  if (version === 2) return "compound";
  return version === 3 ? "countersigned" : "unknown";
}
