/** One row of {@link REFUSALS}. */
export interface Refusal {
  /** The fixed text that the peer sees. */
  readonly message: string;
  /** What was found, for people who run servers and agents. */
  readonly meaning: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Why a call was refused. Stable: tests, alerts and clients may rely on it. */
export type RefusalCode =
  | "unsigned"
  | "malformed"
  | "too_large"
  | "unsupported_version"
  | "unsupported_authority"
  | "untrusted_signer"
  | "key_not_yet_valid"
  | "key_expired"
  | "key_disabled"
  | "key_revoked"
  | "signer_mismatch"
  | "expired"
  | "too_old"
  | "from_future"
  | "wrong_target"
  | "wrong_tool"
  | "out_of_scope"
  | "bad_signature"
  | "params_mismatch"
  | "replayed"
  | "replay_full"
  | "replay_unavailable"
  | "issued_before_start"
  | "rate_limited"
  | "duplicate_request"
  | "busy"
  | "wrong_task_owner"
  | "registry_stale"
  | "audit_unavailable"
  | "countersign_unavailable"
  | "closed";

/** Every reason for which a call is refused: the one table of codes. */
export const REFUSALS: Readonly<Record<RefusalCode, Refusal>> = {
  unsigned: {
    message: "This server requires a signed call",
    meaning: "The request carries no receipt in `params._meta._signet`.",
    remedy: "Connect the client through `SigningTransport`.",
  },
  malformed: {
    message: "The receipt is malformed",
    meaning:
      "The receipt, or the request around it, is not what the format says: a missing, unknown or wrong member.",
    remedy: "Send the receipt as it was signed; check for software in between that rewrites messages.",
  },
  too_large: {
    message: "The call is too large",
    meaning:
      "The receipt or the arguments exceed the guard's limits in bytes or depth, or what its signer can sign.",
    remedy: "Send less, or raise `limits` at the guard.",
  },
  unsupported_version: {
    message: "The receipt's version is not supported",
    meaning: "The receipt is of another version than 1 or 4.",
    remedy: "Send a v1 receipt.",
  },
  unsupported_authority: {
    message: "Delegated authority is not supported",
    meaning:
      "The receipt carries a delegation (v4) or an authorization decision, which this version does not enforce.",
    remedy: "Sign as an agent that the registry lists, without a chain or a decision.",
  },
  untrusted_signer: {
    message: "The signer is not trusted",
    meaning: "The registry's `agents` do not list the signer's key, or the key is not a sound one.",
    remedy: "Add the agent's public key to the registry.",
  },
  key_not_yet_valid: {
    message: "The signer's key is not valid yet",
    meaning: "The registry's `created_at` for the key is in the future.",
    remedy: "Wait, or correct `created_at` or the clock.",
  },
  key_expired: {
    message: "The signer's key has expired",
    meaning: "The registry's `expires_at` for the key is past.",
    remedy: "Rotate the agent's key.",
  },
  key_disabled: {
    message: "The signer's key is disabled",
    meaning: "The registry says `status: disabled` for the key, in any section.",
    remedy: "Ask whoever keeps the registry.",
  },
  key_revoked: {
    message: "The signer's key is revoked",
    meaning: "The registry says `status: revoked` for the key, in any section.",
    remedy: "Give the agent a new key.",
  },
  signer_mismatch: {
    message: "The signer is not who the registry says",
    meaning: "The receipt's `signer.name`, `owner` or `principal` differs from the registry's for that key.",
    remedy: "Sign under the name and owner that the registry lists.",
  },
  expired: {
    message: "The receipt has expired",
    meaning: "The receipt's own `exp` is past.",
    remedy: "Sign the call afresh.",
  },
  too_old: {
    message: "The receipt is too old",
    meaning: "The receipt was signed longer ago than `maxAgeMs`.",
    remedy: "Sign the call afresh; check both clocks.",
  },
  from_future: {
    message: "The receipt is dated in the future",
    meaning: "The receipt is dated ahead of the guard's clock by more than `clockSkewMs`.",
    remedy: "Set the clocks (NTP).",
  },
  wrong_target: {
    message: "The receipt is for another server",
    meaning: "The receipt's `action.target` is none of the guard's targets.",
    remedy: "Sign for this server: set the client's `target` to the guard's.",
  },
  wrong_tool: {
    message: "The receipt is for another tool",
    meaning:
      "The receipt's `action.tool` is not the tool called, the call names none, or the tool is named like a protocol method.",
    remedy: "Sign the call that is sent.",
  },
  out_of_scope: {
    message: "The signer may not call this tool here",
    meaning: "The registry's `tools` or `targets` for the key do not allow this call.",
    remedy: "Widen the entry's `tools` or `targets`, if it should be allowed.",
  },
  bad_signature: {
    message: "The signature does not hold",
    meaning: "The signature is not that of the signer's key over this receipt.",
    remedy: "Something changed the receipt after it was signed, or another key signed it.",
  },
  params_mismatch: {
    message: "The arguments are not those that were signed",
    meaning:
      "`params_hash` is not the hash of the receipt's params, or the request's arguments differ from them.",
    remedy: "Something changed the arguments after they were signed.",
  },
  replayed: {
    message: "The receipt was used before",
    meaning: "A call with this signer and nonce was accepted already.",
    remedy: "Sign every call afresh.",
  },
  replay_full: {
    message: "The server cannot take more calls right now",
    meaning: "The replay store, or this signer's share of it, is full of live nonces.",
    remedy: "Raise the store's capacity, or shorten `maxAgeMs`.",
  },
  replay_unavailable: {
    message: "The server cannot check for replays right now",
    meaning:
      "The replay store failed, or did not answer within 250 ms. In this process the nonce counts as used.",
    remedy: "Look at `health().replay` and at the store; sign the call afresh.",
  },
  issued_before_start: {
    message: "The receipt is dated before the server can tell whether it was used",
    meaning: "The replay store began empty after the receipt was signed and cannot tell whether it was used.",
    remedy:
      "Sign the call afresh; a new store in Redis or PostgreSQL refuses for its first half minute (`clockSkewMs`). Make one guard for the process, not one for each request; processes that come and go share a store.",
  },
  rate_limited: {
    message: "This agent has made too many calls",
    meaning:
      "The signer has made as many calls as the `limits` of its entry in the registry allow. The nonce is used up.",
    remedy: "Call less often, or raise `limits` in the registry.",
  },
  duplicate_request: {
    message: "A request with this id is in flight",
    meaning: "Another request of the connection has the same id and is not answered yet.",
    remedy: "Give every request an id of its own.",
  },
  busy: {
    message: "The server has too many calls in flight",
    meaning: "The limit `callsInFlight` or `requestsInFlight` is reached.",
    remedy: "Try again later, or raise the limit.",
  },
  wrong_task_owner: {
    message: "The task belongs to another signer",
    meaning:
      "The key that signed this request is not the one that created the task, or the task is not known.",
    remedy: "Ask for a task with the key that created it.",
  },
  registry_stale: {
    message: "The server's trust registry is stale",
    meaning: "The registry file has been missing or bad for longer than `maxStaleMs`.",
    remedy: "Mend the registry file; `health().registry` says what is wrong with it.",
  },
  audit_unavailable: {
    message: "The server cannot put the call on record",
    meaning:
      "The audit log is full, failed, or did not answer in time. If the call had run by then, its result is withheld.",
    remedy:
      "Look at `health().audit` and at the disk. A call that was refused before it ran can be signed afresh.",
  },
  countersign_unavailable: {
    message: "The server cannot sign the result",
    meaning:
      "The server's signer failed after the tool ran, so the result is withheld; or it cannot sign messages this long.",
    remedy: "Look at the signer. The tool may have run: do not repeat the call blindly.",
  },
  closed: {
    message: "The server is shutting down",
    meaning: "The guard was closed.",
    remedy: "Connect again.",
  },
};

export function isRefusalCode(value: unknown): value is RefusalCode {
  return typeof value === "string" && Object.hasOwn(REFUSALS, value);
}
