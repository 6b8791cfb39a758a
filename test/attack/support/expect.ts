import { expect } from "vitest";
import type { JsonRecord } from "../../../src/lib/json.js";
import { contentHash } from "../../../src/receipt/index.js";
import { REFUSALS } from "../../../src/server.js";
import type { RefusalCode } from "../../../src/server.js";
import type { Stand } from "./stand.js";
import { at, callMessage } from "./wire.js";
import type { Id, Wire } from "./wire.js";

/** Expects an answer to be the refusal of a code, in band, and to say nothing more. */
export function expectRefusal(answer: JsonRecord, code: RefusalCode): void {
  const { id } = answer;
  const error = { code: -32602, message: REFUSALS[code].message, data: { reason: code } };
  expect(answer).toEqual({ jsonrpc: "2.0", id, error });
}

/** Expects an answer to be a tool's result that is countersigned over the receipt of the call. */
export function expectAccepted(answer: JsonRecord, params: unknown): void {
  expect(at(answer, "error")).toBeUndefined();
  const countersignature = at(answer, "result", "_meta", "_signet_bilateral");
  expect(at(countersignature, "v")).toBe(3);
  expect(at(countersignature, "agent_receipt")).toEqual(at(params, "_meta", "_signet"));
  expect(at(countersignature, "response", "content_hash")).toBe(contentHash(at(answer, "result")));
}

export interface Expected {
  /** Claims that the attempt costs. Default is none: refused before the store is asked. */
  readonly claims?: number;
  readonly id?: Id;
}

/**
 * Sends a `tools/call` that has to be refused, and looks at all that must not have changed: no tool ran, the store was
 * not asked, nothing is left in flight (the id can be used again at once), no fault was reported.
 */
export async function expectRefusedCall(
  stand: Stand,
  wire: Wire,
  params: unknown,
  code: RefusalCode,
  { claims = 0, id = wire.freshId() }: Expected = {},
): Promise<void> {
  const before = snapshot(stand, wire, code);
  const answers = wire.answersTo(id).length;
  wire.post(typeof params === "string" ? params : callMessage(params, id));
  expectRefusal(await wire.answer(id, answers + 1), code);
  await wire.quiet();
  expect(wire.answersTo(id)).toHaveLength(answers + 1);
  expect(snapshot(stand, wire, code)).toEqual({
    ...before,
    refused: before.refused + 1,
    claims: before.claims + claims,
  });
}

/** Sends a call that has to pass, and to run once. */
export async function expectAcceptedCall(
  stand: Stand,
  wire: Wire,
  params: unknown,
  id: Id = wire.freshId(),
): Promise<JsonRecord> {
  const runs = stand.runs();
  const answers = wire.answersTo(id).length;
  wire.post(callMessage(params, id));
  const answer = await wire.answer(id, answers + 1);
  expectAccepted(answer, params);
  expect(stand.runs()).toBe(runs + 1);
  expect(stand.guard.health().callsInFlight).toBe(0);
  return answer;
}

/** Refused, and the genuine call passes afterwards, under the same id: nothing of it was used up. */
export async function expectOnlyGenuinePasses(
  stand: Stand,
  wire: Wire,
  attack: unknown,
  code: RefusalCode,
  genuine?: unknown,
): Promise<void> {
  const id = wire.freshId();
  await expectRefusedCall(stand, wire, attack, code, { id });
  await expectAcceptedCall(stand, wire, genuine ?? (await stand.sign()), id);
}

interface Snapshot {
  readonly refused: number;
  readonly runs: number;
  readonly claims: number;
  readonly live: number;
  readonly inFlight: number;
  readonly accepted: number;
  readonly faults: number;
  readonly problems: readonly string[];
}

function snapshot({ guard, store, runs }: Stand, { faults }: Wire, code: RefusalCode): Snapshot {
  const { callsInFlight, counts, problems } = guard.health();
  return {
    refused: counts.refused[code] ?? 0,
    runs: runs(),
    claims: store.claims,
    live: store.live,
    inFlight: callsInFlight,
    accepted: counts.accepted,
    faults: faults.length,
    problems,
  };
}
