/**
 * Why an artifact does not hold by itself, whoever is trusted. The codes are those of a refused call.
 *
 * `bad_signature`: a signature is not that of the key over the text. `params_mismatch`: `params_hash` is not the hash
 * of the params. `bad_delegation`: the chain does not link, narrow or match the receipt. `delegation_expired`: a token
 * of it has expired. `out_of_scope`: the chain does not cover tool or target. `signer_mismatch`: the receipt's signer
 * is not whom the chain names. `bad_decision`: the authority's decision is not for this call, or not an allowance, or
 * has expired. `bad_response`: the answer is dated before the question.
 */
export type Fault =
  | "bad_signature"
  | "params_mismatch"
  | "bad_delegation"
  | "delegation_expired"
  | "out_of_scope"
  | "signer_mismatch"
  | "bad_decision"
  | "bad_response";

/** Holds, or what is wrong. `detail` is for a log. */
export type Check = { readonly ok: true } | Failed;

export interface Failed {
  readonly ok: false;
  readonly code: Fault;
  readonly detail: string;
}

export const HOLDS: Check = { ok: true };

export function failed(code: Fault, detail: string): Failed {
  return { ok: false, code, detail };
}
