import type { Signer } from "../crypto/signer.js";

/** Who signs: a key and the name that it goes by in the trust registry. */
export interface Identity {
  readonly signer: Signer;
  /** As the registry has it for this key; 1 to 1,024 characters. */
  readonly name: string;
  /** As the registry has it. Default is none: a receipt with no owner claims none. */
  readonly owner?: string | undefined;
  /** The text of the signer's public key. Said beside the signer, it has to be the same; nothing needs it. */
  readonly publicKey?: string | undefined;
  /** Who the signer is apart from the key, such as `agent://acme/deploy-bot`. */
  readonly principal?: string | undefined;
}
