/** Makes one key after another, without a passphrase, until it is killed: `node generator.mjs DIR`. Prints each name once it is made. */
import { writeSync } from "node:fs";
import { openKeystore } from "../../../dist/keystore/index.js";

const keystore = openKeystore({ dir: process.argv[2] });
for (let count = 0; ; count++) {
  const name = `key-${process.pid}-${count}`;
  await keystore.generate(name, { unencrypted: true });
  await keystore.changePassphrase(name, { next: { unencrypted: true } });
  writeSync(1, `${name}\n`);
}
