import { createHash } from "node:crypto";

import { createSigner } from "../../../../src/crypto/signer.js";
import { formatPublicKey } from "../../../../src/crypto/key-text.js";
import { editRegistryFile } from "../../../../src/trust/edit/index.js";

/** Edits the file that it is told, until it is killed. Says when the first edit is done. */
const [, , file = ""] = process.argv;
for (let count = 0; ; count++) {
  const id = `agent-${process.pid}-${count}`;
  const { publicKey } = createSigner(createHash("sha256").update(id).digest());
  const entry = { id, name: "bot", owner: "platform-team", pubkey: formatPublicKey(publicKey) };
  await editRegistryFile(file, { kind: "add", section: "agents", entry });
  if (count === 0) process.stdout.write("ready\n");
}
