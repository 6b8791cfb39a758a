import type { JsonRecord } from "../../lib/json.js";
import { quoted } from "../../lib/text.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import { checkAnswer } from "./answer.js";
import { readAnswer, readCountersignature } from "./countersignature.js";
import type { ClientSettings } from "./options.js";
import { rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import type { SentCall } from "./request.js";
import type { TrustedServers } from "./servers.js";
import { sentReceipt } from "./sent-receipt.js";

/** What is known of an answer once it was looked at. */
export interface Assessment {
  readonly countersignature: ReceiptV3 | undefined;
  /** Why the caller does not get the answer, if so. */
  readonly rejection: ClientRejection | undefined;
  readonly verified: boolean;
}

/** Assesses the answer to a signed request where answers have to be countersigned. Never throws. */
export function assessAnswer(
  call: SentCall,
  answerId: unknown,
  answer: JsonRecord,
  servers: TrustedServers | undefined,
  { sentReceipts, clockSkewMs, clock }: ClientSettings,
): Assessment {
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
  const checks = { servers, sentReceipts, clockSkewMs, nowMs: clock() };
  const rejection = checkAnswer(body, found.receipt, call, checks);
  return { countersignature: found.receipt, rejection, verified: rejection === undefined };
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
