import assert from "node:assert/strict";
import type { PublicKeyText } from "../../crypto/key-text.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";
import { ALICE, BOB, storeCase } from "./claimer.js";

/** Characters that stores and their protocols give a meaning to, and those at the edges of an encoding. */
const PIECES = [
  "",
  "a",
  "\0",
  ":",
  "|",
  "\r\n",
  "*3\r\n$3\r\nSET\r\n",
  "{tag}",
  "'; DROP TABLE nonces; --",
  "%s",
  "\\",
  "__proto__",
  "\u007f",
  "\u0080",
  "ÿ",
  "é",
  "e\u0301",
  "漢",
  "\u{1f511}",
  "x".repeat(128),
  `${"x".repeat(127)}y`,
];

/** A nonce belongs to its signer, and no two pairs of key and nonce are one. */
export function namespaceCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  return [
    storeCase(harness, "keeps the nonces of different signers apart", {}, async ({ claim }) => {
      assert.equal(await claim("n", { key: ALICE }), "claimed");
      assert.equal(await claim("n", { key: BOB }), "claimed");
      assert.equal(await claim("n", { key: ALICE }), "replayed");
      assert.equal(await claim("n", { key: BOB }), "replayed");
    }),
    storeCase(harness, "does not confuse where the key ends and the nonce begins", {}, async ({ claim }) => {
      const whole = "ab:c\0d|e";
      const cuts = Array.from({ length: whole.length }, (_, at) => at);
      for (const at of cuts) {
        const key: PublicKeyText = `ed25519:${whole.slice(0, at)}`;
        assert.equal(await claim(whole.slice(at), { key }), "claimed", `cut at ${at}`);
      }
    }),
    storeCase(
      harness,
      "takes keys and nonces of any characters, and tells them all apart",
      {},
      async ({ claim }) => {
        const pairs = PIECES.flatMap((piece) =>
          PIECES.map((nonce) => ({ key: keyOf(piece), nonce: `n${nonce}` })),
        );
        const lifeMs = 60_000;
        for (const { key, nonce } of pairs)
          assert.equal(await claim(nonce, { key, lifeMs }), "claimed", `${key} ${nonce}`);
        for (const { key, nonce } of pairs)
          assert.equal(await claim(nonce, { key, lifeMs }), "replayed", `${key} ${nonce}`);
      },
    ),
  ];
}

function keyOf(text: string): PublicKeyText {
  return `ed25519:${text}`;
}
