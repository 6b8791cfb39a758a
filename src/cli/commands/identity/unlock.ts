import type { Keystore, UnlockOptions } from "../../../keystore/index.js";
import { oldPassphrase } from "../../passphrase.js";

/**
 * Does what may need a key's passphrase, and asks for it only where it does.
 *
 * @param options - `onlyIfNeeded`: tries without first, as what is done mostly needs none.
 */
export async function unlock<T>(
  keystore: Keystore,
  name: string,
  work: (options: UnlockOptions) => Promise<T>,
  options: { readonly onlyIfNeeded?: boolean } = {},
): Promise<T> {
  const key = (await keystore.list()).find((one) => one.name === name);
  const isSealed = key?.encrypted === true && !(options.onlyIfNeeded === true && key.publicKey !== undefined);
  return await work(isSealed ? { passphrase: await oldPassphrase(name) } : {});
}
