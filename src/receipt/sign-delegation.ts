import { formatPublicKey } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import { OptionError } from "../errors.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { grantText } from "./authority-text.js";
import { present, readDraft, timeText } from "./draft.js";
import { endText } from "./issuer-input.js";
import type { IssuerInput } from "./issuer-input.js";
import { readGrant } from "./parse-delegation.js";
import { isNarrower } from "./scope.js";
import { signText } from "./signed.js";
import type { Constraint, DelegationToken } from "./types.js";

export interface DelegationInput extends IssuerInput {
  /** The delegator's name. */
  readonly name: string;
  readonly principal?: string | undefined;
  readonly delegate: {
    readonly pubkey: PublicKeyText;
    readonly name: string;
    readonly principal?: string | undefined;
  };
  /** Exact names, or `["*"]` for all. */
  readonly tools: readonly string[];
  /** Exact names, or `["*"]` for all. */
  readonly targets: readonly string[];
  /** How many further delegations may follow. Default 0. */
  readonly maxDepth?: number | undefined;
  /** When the delegation ends, in milliseconds since the Unix epoch. Default: it does not. */
  readonly expiresAtMs?: number | undefined;
  /**
   * Limits that servers of this package enforce. **They are not signed**: the delegate can strip them. A limit that has to
   * hold belongs into the server's registry or into a decision.
   */
  readonly constraints?: readonly Constraint[] | undefined;
  /** Not signed. */
  readonly correlationId?: string | undefined;
  /** The token under which the delegator delegates, if it is not the root. The new scope has to narrow it. */
  readonly parent?: DelegationToken | undefined;
}

/**
 * Signs a delegation (wire format, section 9).
 *
 * @returns the token: at once from a local signer, from others when it is there.
 * @throws `OptionError` `invalid_option` for an input that has no place in a token, or does not narrow `parent`;
 * `SignerError`, or rejects with it, when the signer fails.
 */
export function signDelegationToken(input: DelegationInput): MaybePromise<DelegationToken> {
  const { constraints, expiresAtMs, parent } = input;
  const grant = readDraft(
    {
      v: 1,
      delegator: {
        pubkey: formatPublicKey(input.signer.publicKey),
        name: input.name,
        ...present({ principal: input.principal }),
      },
      delegate: present(input.delegate),
      scope: {
        tools: input.tools,
        targets: input.targets,
        max_depth: input.maxDepth ?? 0,
        ...present({ expires: endText(expiresAtMs, input.issuedAtMs), constraints }),
      },
      issued_at: timeText(input.issuedAtMs, "issuedAtMs"),
      nonce: input.nonce ?? randomNonce(),
      ...present({ correlation_id: input.correlationId }),
    },
    readGrant,
  );
  if (parent !== undefined && parent.delegate.pubkey !== grant.delegator.pubkey) {
    throw new OptionError("invalid_option", "signer", "signer is not the delegate of parent");
  }
  if (parent !== undefined && !isNarrower(grant.scope, parent.scope)) {
    throw new OptionError("invalid_option", "parent", "the scope does not narrow that of parent");
  }
  return andThen(signText(input.signer, grantText(grant), "del"), ({ sig, id }) => ({ ...grant, id, sig }));
}
