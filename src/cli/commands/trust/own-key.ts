import type { KeySummary } from "../../../keystore/index.js";

/** What the keystore says of a key of that name, if there is one. */
export async function ownKey(name: string): Promise<KeySummary | undefined> {
  const { openKeystore } = await import("../../../keystore/index.js");
  return (await openKeystore().list()).find((key) => key.name === name);
}
