import { isAscii, isUtf8 } from "node:buffer";

import { isPlainObject, ownValue } from "../../lib/json.js";
import { readAnswerClaim, readServer } from "../../receipt/parse-response.js";
import { readSignature } from "../../receipt/read-forms.js";
import { Malformed } from "../../receipt/read.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import type { AgentMemory, KnownAgent } from "./agent-memory.js";

/** A countersigned receipt without the agent's receipt in it. */
export type Answer = Omit<ReceiptV3, "v" | "agent_receipt">;

/**
 * Reads a countersigned receipt whose text begins as the canonical one does, around an agent's receipt that is known to the
 * byte: of that nothing has to be read again.
 *
 * @returns `undefined` for anything else, which has to be read as a whole.
 */
export function readAnswer(
  text: Buffer,
  memory: AgentMemory,
): { readonly answer: Answer; readonly agent: KnownAgent } | undefined {
  // Most other receipts differ here already.
  if (text[3] !== AGENT_G || text.toString("latin1", 0, AGENT.length) !== AGENT) return undefined;
  // The id of the agent's receipt, unless its params have one before that. Then it is not found, or found to be another.
  const idAt = text.indexOf(ID, AGENT.length) + ID.length - PREFIX_LENGTH;
  const agent = memory.find(text.toString("latin1", idAt, idAt + ID_LENGTH));
  if (agent === undefined) return undefined;
  const end = AGENT.length + agent.whole.length;
  if (text[end] !== COMMA || text.compare(agent.whole, 0, agent.whole.length, AGENT.length, end) !== 0) {
    return undefined;
  }
  const answer = parseAnswer(text.subarray(end + 1));
  return answer && { answer, agent };
}

function parseAnswer(rest: Buffer): Answer | undefined {
  const isPlain = isAscii(rest);
  if (!isPlain && !isUtf8(rest)) return undefined;
  try {
    const fields: unknown = JSON.parse(`{${rest.toString(isPlain ? "latin1" : "utf8")}`);
    if (!isPlainObject(fields) || ownValue(fields, "v") !== 3) return undefined;
    const { v: _, id, sig, server, ...claim } = fields;
    return {
      ...readSignature({ id, sig }, "receipt", "id", "rec"),
      ...readAnswerClaim(claim, "receipt"),
      server: readServer(server, "receipt.server"),
    };
  } catch (error) {
    // Read as a whole it shows what is wrong.
    if (error instanceof SyntaxError || error instanceof Malformed) return undefined;
    throw error;
  }
}

const AGENT_G = 0x67;
const COMMA = 0x2c;
const ID = ',"id":"rec_';
const PREFIX_LENGTH = "rec_".length;
const ID_LENGTH = PREFIX_LENGTH + 32;

/**
 * Tells whether a text is the canonical text of a countersigned receipt, without writing that: it is the signed text with `id`
 * and `sig` put in. One with `extensions` is not recognised.
 *
 * @param signed - What the server signed: canonical text of the receipt without `id` and `sig`.
 * @param agentLength - Bytes of the agent's receipt in it.
 */
export function isWholeBilateral(
  text: Buffer,
  receipt: Answer,
  signed: Uint8Array,
  agentLength: number,
): boolean {
  if (receipt.extensions !== undefined) return false;
  const id = `"id":"${receipt.id}",`;
  const sig = `"sig":"${receipt.sig}",`;
  if (text.length !== signed.length + id.length + sig.length) return false;
  const nonceAt = AGENT.length + agentLength + 1;
  const timeAt = signed.length - (TIME.length + receipt.ts_response.length + END.length);
  const sigAt = timeAt + id.length;
  return (
    text.compare(signed, 0, nonceAt, 0, nonceAt) === 0 &&
    text.toString("latin1", nonceAt, nonceAt + id.length) === id &&
    text.compare(signed, nonceAt, timeAt, nonceAt + id.length, sigAt) === 0 &&
    text.toString("latin1", sigAt, sigAt + sig.length) === sig &&
    text.compare(signed, timeAt, signed.length, sigAt + sig.length, text.length) === 0
  );
}

const AGENT = '{"agent_receipt":';
const TIME = '"ts_response":"';
const END = '","v":3}';
