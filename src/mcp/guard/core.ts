import type { AuditLog } from "../../audit/log.js";
import { delay } from "../../lib/delay.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import { quotedError } from "../../lib/text.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { randomNonce } from "../../crypto/random.js";
import { signsHere } from "../../crypto/signer.js";
import { createCountersigner, responseTime } from "../../receipt/countersign.js";
import type { Outcome, ReceiptV3 } from "../../receipt/types.js";
import type { Wait } from "../../verify/claim-nonce.js";
import { HeldReceipts } from "../../verify/held-receipts.js";
import { findReceipt } from "../../verify/read-receipt.js";
import { reject } from "../../verify/verdict.js";
import type { Rejected } from "../../verify/verdict.js";
import { verifyCall } from "../../verify/verify-call.js";
import type { CallRequest, Verified, VerifyContext } from "../../verify/verify-call.js";
import { createIntentTags } from "./audit/intent-tag.js";
import { AuditTrail } from "./audit/trail.js";
import type { EventLog } from "./events.js";
import type { CheckedOptions } from "./options.js";
import type { Identity } from "../../keystore/identity.js";
import { createChargesOf } from "./call-charges.js";
import type { RegistrySource } from "./registry-source.js";
import type { ReplayChoice } from "./replay-choice.js";
import { ReplayGate } from "./replay-gate.js";
import { isProtocolMethod, signedMembers, signedParams, signedTool, TOOL_CALL } from "../signed-intent.js";
import { TaskOwners } from "./task-owners.js";
import { UncoveredCapabilities } from "./uncovered.js";
import { Workload } from "./workload.js";

const RELATED_TASK_META = "io.modelcontextprotocol/related-task";

/** Bytes of a countersigned text apart from the agent's receipt and the server's name, at the most. */
const COUNTERSIGN_BYTES = 1024;

/** A hold of a receipt that is dated ahead is told of from this length on: less is ordinary clock drift. */
const HELD_EVENT_MS = 1000;

/** What a guard's connections share: the checks, the key, the counts. */
export class GuardCore {
  readonly options: CheckedOptions;
  readonly identity: Identity;
  readonly events: EventLog;
  readonly tasks: TaskOwners = new TaskOwners();
  /** Where calls are put on record, if they are. */
  readonly trail: AuditTrail | undefined;
  readonly replay: ReplayGate;
  readonly #context: VerifyContext;
  readonly #countersign: ReturnType<typeof createCountersigner>;
  readonly #workload = new Workload();
  readonly #signsHere: boolean;
  #onIdle: () => void = () => {};
  #callsInFlight = 0;
  #closing = false;
  #closed = false;
  readonly #uncovered: UncoveredCapabilities;

  constructor(options: CheckedOptions, identity: Identity, events: EventLog, parts: CoreParts) {
    this.options = options;
    this.identity = identity;
    this.events = events;
    this.#uncovered = new UncoveredCapabilities(options.methods);
    this.#countersign = createCountersigner(identity);
    this.#signsHere = signsHere(identity.signer);
    this.trail = parts.audit === undefined ? undefined : this.#openTrail(parts.audit);
    this.replay = new ReplayGate(parts.replay, options.clock, events);
    const { maxMessageBytes } = identity.signer;
    this.#context = {
      registry: parts.registry.current,
      registryFault: parts.registry.fault,
      targets: new Set(options.targets),
      replay: this.replay.gate,
      chargesOf: createChargesOf(options.targets),
      maxAgeMs: options.maxAgeMs,
      clockSkewMs: options.clockSkewMs,
      limits: options.limits,
      requireTools: options.requireTools,
      clock: options.clock,
      isClosed: () => this.#closed,
      held: new HeldReceipts(),
      record: this.trail,
      ...(maxMessageBytes === undefined
        ? {}
        : { countersignFault: unsignable(maxMessageBytes, identity.name) }),
      onHeld: (heldMs) => {
        if (heldMs > HELD_EVENT_MS) events.report({ type: "held", heldMs });
      },
    };
  }

  get callsInFlight(): number {
    return this.#callsInFlight;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Capabilities that servers advertised and `methods` does not cover. */
  get uncovered(): readonly string[] {
    return this.#uncovered.names;
  }

  /**
   * Verifies a request.
   *
   * @param params - The request's `params`, as they came over the wire.
   */
  verify(method: string, params: unknown, manner: VerifyManner = {}): MaybePromise<Verified | Rejected> {
    if (this.#closing) return reject("closed", "the guard is closed");
    try {
      return this.#verify(method, params, manner);
    } catch (error) {
      // What came over a wire can be read. What is handed over in memory may throw at any look.
      return reject("malformed", `the request cannot be read: ${quotedError(error)}`);
    }
  }

  #verify(
    method: string,
    params: unknown,
    { wait, mayWait = false }: VerifyManner,
  ): MaybePromise<Verified | Rejected> {
    const request = this.#request(method, params);
    if (isPlainObject(request.meta) && Object.hasOwn(request.meta, RELATED_TASK_META)) {
      return reject("malformed", "a call that is related to a task by _meta gets no answer of its own");
    }
    const taskId = method.startsWith("tasks/") && method !== "tasks/list" ? taskIdOf(params) : undefined;
    const context: VerifyContext =
      taskId === undefined
        ? this.#context
        : {
            ...this.#context,
            admit: (signer) => {
              if (this.tasks.owns(signer.publicKey, taskId.value)) return undefined;
              return reject("wrong_task_owner", "the task was not created by this key", signer);
            },
          };
    if (mayWait) this.#workload.noteArrival();
    const runCheck = mayWait && this.#workload.ordersChecks ? this.#workload.check : undefined;
    return verifyCall(request, context, { wait, runCheck });
  }

  /** Tells whether a request without a receipt may pass. */
  allowsUnsigned(method: string, tool: string | undefined): boolean {
    const allowed = this.options.allowUnsigned;
    if (allowed === true) return true;
    return method === TOOL_CALL && tool !== undefined && allowed.has(tool);
  }

  /** @throws or rejects with `SignerError` when the server's signer fails. */
  countersign(
    { receipt, whole }: Pick<Verified, "receipt" | "whole">,
    contentHash: Sha256Text,
    outcome: Outcome,
  ): MaybePromise<ReceiptV3> {
    const claim = {
      response: { content_hash: contentHash, outcome },
      ts_response: responseTime(this.options.clock(), receipt.ts),
      nonce: randomNonce(),
    };
    const here = (): MaybePromise<ReceiptV3> => this.#countersign(receipt, whole, claim, false);
    // A signer of somebody else's has its own way to work, and is asked once.
    if (!this.#signsHere) return here();
    return this.#workload.sign({
      here,
      elsewhere: () => this.#countersign(receipt, whole, claim, true),
    });
  }

  /** Tells whether a request carries a receipt, whatever it is worth. */
  hasReceipt(params: unknown): boolean {
    return this.#find(params).ok;
  }

  /** The id that the receipt of a request claims, unverified. */
  receiptId(params: unknown): unknown {
    const found = this.#find(params);
    return found.ok && isPlainObject(found.receipt) ? ownValue(found.receipt, "id") : undefined;
  }

  /** Counts a call in; `false` when there are too many. */
  enter(): boolean {
    if (this.#callsInFlight >= this.options.limits.callsInFlight) return false;
    this.#callsInFlight += 1;
    return true;
  }

  leave(): void {
    this.#callsInFlight -= 1;
    if (this.#callsInFlight === 0) this.#onIdle();
  }

  /** Refuses every call from now on, and waits until none is in flight, at most `drainMs`; what is verified later is refused too. */
  async stop(drainMs: number): Promise<void> {
    this.#closing = true;
    if (this.#callsInFlight > 0) {
      const drained = new AbortController();
      this.#onIdle = () => {
        drained.abort();
      };
      await delay(drainMs, drained.signal);
    }
    this.#closed = true;
  }

  /** Notes what a server offers, and tells once of what its unsigned clients can reach. */
  noteCapabilities(capabilities: unknown): void {
    const fresh = this.#uncovered.note(capabilities);
    if (fresh.length > 0) this.events.report({ type: "uncovered_capabilities", capabilities: fresh });
  }

  #openTrail(log: AuditLog): AuditTrail {
    const { redact, targets, clock } = this.options;
    const trail = new AuditTrail({
      log,
      tags: createIntentTags(this.identity.signer),
      events: this.events,
      redact,
      targets,
      clock,
      countersign: (agent, contentHash, outcome) => this.countersign(agent, contentHash, outcome),
    });
    this.events.observer = (event) => {
      trail.note(event);
    };
    return trail;
  }

  #request(method: string, params: unknown): CallRequest {
    const tool = signedTool(method, params);
    const meta = isPlainObject(params) ? ownValue(params, "_meta") : undefined;
    const ambiguous = method === TOOL_CALL && tool !== undefined && this.#isMethod(tool);
    const sent = signedMembers(method, params);
    return {
      method,
      tool: ambiguous ? undefined : tool,
      sent,
      params: () => signedParams(method, params),
      meta,
    };
  }

  #find(params: unknown): ReturnType<typeof findReceipt> {
    return findReceipt(isPlainObject(params) ? ownValue(params, "_meta") : undefined);
  }

  /** A tool of a method's name: one receipt would fit the call of the tool and the request. */
  #isMethod(name: string): boolean {
    return isProtocolMethod(name) || this.options.methods.covers(name);
  }
}

/** How a request is verified. */
interface VerifyManner {
  readonly wait?: Wait | undefined;
  /** Whether the verdict may come later although it could be had at once, because others wait as well. Default is `false`. */
  readonly mayWait?: boolean;
}

/** What the checks look at that lives outside the guard. */
interface CoreParts {
  readonly registry: RegistrySource;
  readonly replay: ReplayChoice;
  readonly audit: AuditLog | undefined;
}

function taskIdOf(params: unknown): { readonly value: unknown } {
  return { value: isPlainObject(params) ? ownValue(params, "taskId") : undefined };
}

function unsignable(
  maxMessageBytes: number,
  name: string,
): (agentReceiptText: Uint8Array) => string | undefined {
  const spare = maxMessageBytes - COUNTERSIGN_BYTES - Buffer.byteLength(JSON.stringify(name));
  return (agentReceiptText) =>
    agentReceiptText.length <= spare
      ? undefined
      : `the countersignature would be over more than the ${maxMessageBytes} bytes that the server's signer takes`;
}
