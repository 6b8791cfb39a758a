import { SigningTransportError } from "../../errors.js";
import type { JsonRecord } from "../../lib/json.js";
import { isPromise } from "../../lib/maybe-promise.js";
import { quoted } from "../../lib/text.js";
import { parseAgentReceipt } from "../../receipt/parse.js";
import type { AgentReceipt, ReceiptV3 } from "../../receipt/types.js";
import { checkAnswer } from "./answer.js";
import { readAnswer, readCountersignature, withoutCountersignature } from "./countersignature.js";
import type { ClientContext } from "./context.js";
import { refusalAnswer, rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import type { SentCall } from "./request.js";
import type { TrustedServers } from "./servers.js";
import { asJson, classifyMessage } from "../message.js";
import type { Deliver, MessageExtra } from "../transport-proxy.js";

/** What is known of an answer once it was looked at. */
interface Assessment {
  readonly countersignature: ReceiptV3 | undefined;
  /** Why the caller does not get the answer, if so. */
  readonly rejection: ClientRejection | undefined;
  readonly verified: boolean;
}

/**
 * What a signing transport takes in. Every check is synchronous, so messages reach the SDK in the order in which they
 * came, and in the same tick.
 */
export class ClientInbox {
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  receive(raw: unknown, extra: MessageExtra, deliver: Deliver): void {
    if (!isAnswer(raw) || this.#context.handover.isOwn(raw)) {
      deliver(raw, extra);
      return;
    }
    const answer = this.#context.byReference ? (asJson(raw) ?? raw) : raw;
    const hand: Deliver = (message) => {
      deliver(message, extra);
    };
    if (this.#context.settings.servers === undefined) this.#receiveUnverified(raw, answer, hand);
    else this.#receiveVerified(answer, hand);
  }

  /** Nothing is refused, and nothing is taken for verified. */
  #receiveUnverified(raw: unknown, answer: unknown, hand: Deliver): void {
    const { requests, settings } = this.#context;
    const message = classifyMessage(answer);
    const id = message.kind === "response" ? requests.answeredBy(message.id) : undefined;
    const entry = id === undefined ? undefined : requests.get(id);
    if (id !== undefined && entry !== undefined) requests.delete(id, entry);
    if (message.kind !== "response" || entry?.call === undefined) {
      hand(raw);
      return;
    }
    const body = readAnswer(message.raw);
    const found = body === undefined ? undefined : readCountersignature(body);
    const countersignature = found?.ok === true ? found.receipt : undefined;
    this.#tell(entry.call, message.raw, { countersignature, rejection: undefined, verified: false });
    hand(settings.strip && body !== undefined ? withoutCountersignature(message.raw, body) : raw);
  }

  #receiveVerified(answer: unknown, hand: Deliver): void {
    const { requests, settings, files, handover } = this.#context;
    const message = classifyMessage(answer);
    if (message.kind !== "response") {
      handover.report(
        new SigningTransportError("unreadable_answer", "an answer that is no JSON-RPC was dropped"),
      );
      return;
    }
    const id = requests.answeredBy(message.id);
    const entry = id === undefined ? undefined : requests.get(id);
    if (id === undefined || entry === undefined || (entry.signed && entry.call === undefined)) {
      handover.report(
        new SigningTransportError("unexpected_answer", "an answer to no open request was dropped"),
      );
      return;
    }
    requests.delete(id, entry);
    const { call } = entry;
    if (call === undefined) {
      hand(message.raw);
      return;
    }
    const assessment = this.#assess(call, message.id, message.raw, files.servers);
    this.#tell(call, message.raw, assessment);
    if (assessment.rejection !== undefined) {
      hand(refusalAnswer(call.id, assessment.rejection));
      return;
    }
    if (assessment.countersignature !== undefined) {
      settings.sentReceipts.delete(assessment.countersignature.agent_receipt.id);
    }
    const body = settings.strip ? readAnswer(message.raw) : undefined;
    hand(body === undefined ? message.raw : withoutCountersignature(message.raw, body));
  }

  #assess(
    call: SentCall,
    answerId: unknown,
    answer: JsonRecord,
    servers: TrustedServers | undefined,
  ): Assessment {
    const { settings } = this.#context;
    // A signed request is sent once the registry is open, and forgotten when it is closed.
    if (servers === undefined)
      return refused(rejectAnswer("untrusted_server", "the list of servers is not open"));
    if (answerId !== call.id) {
      return refused(
        rejectAnswer(
          "answer_id_mismatch",
          `an id of type ${typeof answerId} answers one of type ${typeof call.id}`,
        ),
      );
    }
    const body = readAnswer(answer);
    if (body === undefined)
      return refused(rejectAnswer("answer_malformed", "it has not one object as result or error"));
    const found = readCountersignature(body);
    if (!found.ok) return refused(withSigner(found, call));
    const { sentReceipts, clockSkewMs } = settings;
    const rejection = checkAnswer(body, found.receipt, call, {
      servers,
      sentReceipts,
      clockSkewMs,
      nowMs: settings.clock(),
    });
    return { countersignature: found.receipt, rejection, verified: rejection === undefined };
  }

  #tell(call: SentCall, response: JsonRecord, { countersignature, rejection, verified }: Assessment): void {
    const { settings, handover } = this.#context;
    const { onReceipt } = settings;
    if (onReceipt === undefined) return;
    const receipt =
      call.receipt === undefined && verified ? countersignature?.agent_receipt : sentReceipt(call);
    const answered = { request: call.request, response, receipt, countersignature, verified };
    try {
      const told = onReceipt(
        rejection === undefined
          ? answered
          : { ...answered, reason: rejection.code, detail: rejection.detail },
      );
      if (isPromise(told)) told.then(undefined, (error: unknown) => handover.report(error));
    } catch (error) {
      handover.report(error);
    }
  }
}

function isAnswer(raw: unknown): boolean {
  return typeof raw === "object" && raw !== null && ("result" in raw || "error" in raw);
}

function refused(rejection: ClientRejection): Assessment {
  return { countersignature: undefined, rejection, verified: false };
}

/** Says with which key a call was signed that was refused: the refusal names none. */
function withSigner(rejection: ClientRejection, call: SentCall): ClientRejection {
  const signer = rejection.answered?.reason === undefined ? undefined : sentReceipt(call)?.signer;
  if (signer === undefined) return rejection;
  const detail = `${rejection.detail}; the call was signed as ${quoted(signer.name)} with ${signer.pubkey}`;
  return { ...rejection, detail };
}

/** The receipt as it was signed: what was handed to the transport may have been written to since. */
function sentReceipt({ receipt }: SentCall): AgentReceipt | undefined {
  if (receipt === undefined) return undefined;
  const parsed = parseAgentReceipt(JSON.parse(Buffer.from(receipt.whole).toString()));
  return parsed.ok ? parsed.value : undefined;
}
