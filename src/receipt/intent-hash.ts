import { canonicalHash } from "../crypto/canonical-json.js";
import type { Sha256Text } from "../crypto/digest.js";
import type { Action } from "./types.js";

/** The members of an action that an authority decides about. */
export type Intent = Pick<Action, "tool" | "params_hash" | "target" | "transport">;

/**
 * Hashes what an authority decides about (wire format, section 9b): tool, `params_hash`, target, and the transport in
 * lower case. What correlates a call with others is left out, so that the decision can be made before the call.
 */
export function intentHash({ tool, params_hash, target, transport }: Intent): Sha256Text {
  return canonicalHash({ tool, params_hash, target, transport: transport.toLowerCase() });
}
