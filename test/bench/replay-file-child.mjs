/**
 * Claims for a while and prints JSON: `node replay-file-child.mjs signet|lmdb DIR CALLERS SECONDS`, or fills the store with live nonces:
 * `node replay-file-child.mjs signet|lmdb DIR fill COUNT`. `lmdb` is the bare package: one conditional put a claim.
 */
import { createHash } from "node:crypto";
import { createFileReplayStore } from "../../dist/replay/file/index.js";
import { claimFor, fill } from "./claim-load.mjs";

const [kind, dir, callers, amount] = process.argv.slice(2);
const { claim, close } = await (kind === "signet" ? openStore() : openBare());
if (callers === "fill") await fill(claim, Number(amount));
else console.log(JSON.stringify(await claimFor(claim, Number(callers), Number(amount))));
await close();
process.exit();

async function openStore() {
  const store = await createFileReplayStore({ path: dir, capacity: 10_000_000 });
  return { claim: (...nonce) => store.claim(...nonce), close: () => store.close() };
}

async function openBare() {
  const { open } = await import("lmdb");
  const db = open({ path: dir, keyEncoding: "binary", encoding: "binary", maxReaders: 1024 });
  const value = Buffer.alloc(12);
  const claim = async (key, nonce) => {
    const id = createHash("sha256").update(key).update("\0").update(nonce).digest();
    const isNew = await db.ifNoExists(id, () => void db.put(id, value));
    return isNew ? "claimed" : "replayed";
  };
  return { claim, close: () => db.close() };
}
