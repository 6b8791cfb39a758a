import { SigningTransportError } from "../../errors.js";
import type { JsonRecord } from "../../lib/json.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import { createEvidenceCheck } from "./answer.js";
import { ArrivalOrder } from "./arrival-order.js";
import { assessAnswer } from "./assess.js";
import type { Assessment } from "./assess.js";
import { withheld } from "./call-log.js";
import { readAnswer, readCountersignature, withoutCountersignature } from "./countersignature.js";
import type { ClientContext } from "./context.js";
import { refusalAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import type { SentCall } from "./request.js";
import { tellAnswer } from "./tell.js";
import { asJson, classifyMessage } from "../message.js";
import type { Deliver, MessageExtra } from "../transport-proxy.js";

/** An answer to a signed request, and what the caller is to get for it. */
interface Answered extends Assessment {
  readonly call: SentCall;
  readonly response: JsonRecord;
  readonly handed: unknown;
}

type Hand = (message: unknown) => void;

/**
 * What a signing transport takes in. Every check is synchronous, so messages reach the SDK in the order in which they
 * came, and in the same tick. With `audit` an answer waits for its record, and what comes after it waits too.
 */
export class ClientInbox {
  readonly #context: ClientContext;
  readonly #arrivals: ArrivalOrder;
  readonly #isEvidence = createEvidenceCheck();

  constructor(context: ClientContext) {
    this.#context = context;
    this.#arrivals = new ArrivalOrder((error) => {
      context.handover.report(error);
    });
  }

  receive(raw: unknown, extra: MessageExtra, deliver: Deliver): void {
    const { handover, settings, byReference } = this.#context;
    const hand: Hand = (message) => {
      deliver(message, extra);
    };
    if (handover.isOwn(raw)) hand(raw);
    else if (!isAnswer(raw)) this.#pass(raw, hand);
    else {
      const answer = byReference ? (asJson(raw) ?? raw) : raw;
      if (settings.servers === undefined) this.#receiveUnverified(raw, answer, hand);
      else this.#receiveVerified(answer, hand);
    }
  }

  /** The connection is closed: nobody waits any more for what is not handed on yet. */
  close(): void {
    this.#arrivals.close();
  }

  /** Nothing is refused, and nothing is taken for verified. */
  #receiveUnverified(raw: unknown, answer: unknown, hand: Hand): void {
    const { requests, settings } = this.#context;
    const message = classifyMessage(answer);
    const id = message.kind === "response" ? requests.answeredBy(message.id) : undefined;
    const entry = id === undefined ? undefined : requests.get(id);
    if (id !== undefined && entry !== undefined) requests.delete(id, entry);
    if (message.kind !== "response" || entry?.call === undefined) {
      this.#pass(raw, hand);
      return;
    }
    const { call } = entry;
    const body = readAnswer(message.raw);
    const found = body === undefined ? undefined : readCountersignature(body);
    const countersignature = found?.ok === true ? found.receipt : undefined;
    const handed = settings.strip && body !== undefined ? withoutCountersignature(message.raw, body) : raw;
    const unvouched = { countersignature, rejection: undefined, verified: false };
    const answered = { ...unvouched, call, response: message.raw, handed };
    const evidence =
      settings.audit !== undefined &&
      body !== undefined &&
      countersignature !== undefined &&
      this.#isEvidence(body, countersignature, call, settings.sentReceipts);
    this.#conclude(answered, hand, evidence ? this.#record(countersignature) : undefined);
  }

  #receiveVerified(answer: unknown, hand: Hand): void {
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
      this.#pass(message.raw, hand);
      return;
    }
    const assessment = assessAnswer(call, message.id, message.raw, files.servers, settings);
    const { rejection, countersignature } = assessment;
    if (rejection !== undefined) {
      const refused = {
        ...assessment,
        call,
        response: message.raw,
        handed: refusalAnswer(call.id, rejection),
      };
      this.#conclude(refused, hand, this.#recordRefusal(call, rejection));
      return;
    }
    if (countersignature !== undefined) settings.sentReceipts.delete(countersignature.agent_receipt.id);
    const body = settings.strip ? readAnswer(message.raw) : undefined;
    const handed = body === undefined ? message.raw : withoutCountersignature(message.raw, body);
    const recorded = countersignature === undefined ? undefined : this.#record(countersignature);
    this.#conclude({ ...assessment, call, response: message.raw, handed }, hand, recorded);
  }

  /** Logs a countersignature. @returns why its answer has to be withheld, if so; `undefined` where nothing is logged. */
  #record(countersignature: ReceiptV3): Promise<ClientRejection | undefined> | undefined {
    const { files, handover } = this.#context;
    return files.log?.appendCountersignature(countersignature).then(
      () => undefined,
      (cause: unknown) => {
        handover.report(cause);
        return withheld(countersignature, cause);
      },
    );
  }

  /** Logs that an answer was refused. If that fails the caller hears of the refusal all the same. */
  #recordRefusal(call: SentCall, rejection: ClientRejection): Promise<undefined> | undefined {
    const { files, handover, settings } = this.#context;
    return files.log?.appendRefusal(call, rejection, settings.clock()).then(
      () => undefined,
      (cause: unknown) => {
        handover.report(cause);
        return undefined;
      },
    );
  }

  /** Tells of an answer and hands on what the caller is to get, in its turn and once it is recorded. */
  #conclude(
    answered: Answered,
    hand: Hand,
    recorded: Promise<ClientRejection | undefined> | undefined,
  ): void {
    const finish = (isOpen: boolean, failure?: ClientRejection): void => {
      const { call, response, handed } = answered;
      tellAnswer(
        this.#context,
        call,
        response,
        failure === undefined ? answered : { ...answered, rejection: failure },
      );
      if (isOpen) hand(failure === undefined ? handed : refusalAnswer(call.id, failure));
    };
    if (recorded === undefined) this.#arrivals.run(finish);
    else this.#arrivals.hold(recorded, finish);
  }

  #pass(message: unknown, hand: Hand): void {
    this.#arrivals.run((isOpen) => {
      if (isOpen) hand(message);
    });
  }
}

function isAnswer(raw: unknown): boolean {
  return typeof raw === "object" && raw !== null && ("result" in raw || "error" in raw);
}
