import { KeystoreError } from "../../../errors.js";
import { note } from "../../output.js";

/** The keys that params were encrypted with, of all keys in the keystore that open. */
export async function ownParamsKeys(): Promise<ReadonlyMap<string, Uint8Array>> {
  const [{ openKeystore }, { paramsKeyOf }] = await Promise.all([
    import("../../../keystore/index.js"),
    import("../../../audit/record/params-cipher.js"),
  ]);
  const keystore = openKeystore();
  const keys = new Map<string, Uint8Array>();
  for (const { name, publicKey } of await keystore.list()) {
    try {
      const { signer } = await keystore.load(name);
      const key = paramsKeyOf(signer);
      if (key !== undefined && publicKey !== undefined) keys.set(publicKey, key);
    } catch (error) {
      // That of another key is no reason to leave params closed that this passphrase was given for.
      if (!(error instanceof KeystoreError) || error.code === "passphrase_wrong") throw error;
      note(`The key ${name} is not used: ${error.message}`);
    }
  }
  return keys;
}
