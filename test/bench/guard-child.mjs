/**
 * Measures verify + countersign of one shape of arguments through the public guard, and in turn with it the limit:
 * one `node:crypto` verify and one sign of messages of the same size. Takes the name of the shape and the backend,
 * `node:crypto` or `sodium-native`; needs --expose-gc.
 */
import { createPublicKey, generateKeyPairSync, hash, sign, verify } from "node:crypto";
import { useAgentReceiptText } from "../../dist/receipt/agent-text.js";
import { useBilateralText } from "../../dist/receipt/response-text.js";
import { createMemoryReplayStore } from "../../dist/replay/index.js";
import { canonicalJson } from "../../dist/receipt/index.js";
import { createGuard } from "../../dist/server.js";
import { useSodium } from "../../dist/sodium.js";
import { signedCall, testIdentity, testRegistry } from "../../dist/testing.js";
import { SHAPES, seededRandom } from "./call-arguments.mjs";
import { median } from "./statistics.mjs";

const TARGET = "mcp://bench";
const BARE_ANSWER = {
  response: { content_hash: `sha256:${"0".repeat(64)}`, outcome: { status: "executed" } },
  ts_response: "2026-11-23T00:00:00.000Z",
};
const WARM_UP_MS = 2500;
const MEASURE_MS = 6000;
/** What is prepared at once, so that a young heap holds it. */
const BATCH_BYTES = 1_000_000;

const [shape, backend] = process.argv.slice(2);
if (backend === "sodium-native") await useSodium();
const makeArguments = SHAPES[shape];
const random = seededRandom(1);
const agent = testIdentity("agent");
const server = testIdentity("server");
const guard = await createGuard({
  registry: testRegistry({ agents: [agent], servers: [server] }),
  identity: { signer: server.signer, name: server.name },
  target: TARGET,
  replay: createMemoryReplayStore({ capacity: 5_000_000, perSignerShare: 5_000_000 }),
});

const argumentBytes = JSON.stringify(makeArguments(random)).length;
const batchSize = Math.max(5, Math.min(100, Math.round(BATCH_BYTES / argumentBytes)));
const { privateKey } = generateKeyPairSync("ed25519");
const publicKey = createPublicKey({ key: jwkOf(agent.signer.publicKey), format: "jwk" });
const answerBytes = await countersignedBytes();

await run(WARM_UP_MS);
const rounds = await run(MEASURE_MS);
console.log(
  JSON.stringify({
    callsPerSecond: median(rounds.map(({ guardMs }) => (batchSize / guardMs) * 1000)),
    share: median(rounds.map(({ limitMs, guardMs }) => limitMs / guardMs)),
    bareShare: median(rounds.map(({ limitMs, bareMs }) => limitMs / bareMs)),
  }),
);
await guard.close();

/** Alternates the guard and the limit, batch by batch: what slows one down for a moment slows the other. */
async function run(forMs) {
  const rounds = [];
  const began = performance.now();
  while (performance.now() - began < forMs) {
    const calls = await prepare(batchSize);
    globalThis.gc({ type: "minor" });
    const messages = calls.map(signedMessage);
    const limitFirst = rounds.length % 2 === 0;
    const before = limitFirst ? measureLimit(messages) : 0;
    const guardMs = await measureGuard(calls);
    const limitMs = limitFirst ? before : measureLimit(messages);
    rounds.push({ guardMs, limitMs, bareMs: measureBare(calls) });
  }
  return rounds;
}

/** Signs fresh calls, and reads them as they come off the wire: nothing is shared between arguments and receipt. */
async function prepare(count) {
  const calls = [];
  for (let made = 0; made < count; made++) {
    const signed = {
      identity: agent,
      target: TARGET,
      tool: "update_stock",
      arguments: makeArguments(random),
    };
    calls.push(JSON.parse(JSON.stringify(await signedCall(signed))));
  }
  return calls;
}

async function measureGuard(calls) {
  const results = calls.map((_, index) => ({ content: [{ type: "text", text: `updated ${index}` }] }));
  const began = performance.now();
  for (let index = 0; index < calls.length; index++) {
    const verdict = await guard.verify(calls[index]);
    if (!verdict.ok) throw new Error(verdict.detail);
    await guard.countersign(verdict.call, results[index]);
  }
  return performance.now() - began;
}

/** The limit: to verify the very messages that the calls are signed over, and to sign as many bytes as the guard does. */
function measureLimit(messages) {
  const began = performance.now();
  for (const { bytes, signature } of messages) {
    if (!verify(null, bytes, publicKey, signature)) throw new Error("the limit does not verify");
    sign(null, answerBytes, privateKey);
  }
  return performance.now() - began;
}

/**
 * What is left of a guard without its checks: the canonical texts are written once, the arguments compared and hashed,
 * one signature is checked and one made. More than this share of the limit no guard of this make can reach.
 */
function measureBare(calls) {
  const began = performance.now();
  for (const { _meta, arguments: sent } of calls) {
    const receipt = _meta._signet;
    const writeParams = (writer) => {
      if (!writer.sameValue(receipt.action.params, sent)) throw new Error("the arguments are others");
    };
    const whole = useAgentReceiptText(receipt, writeParams, ({ signed, params, copyWhole }) => {
      const signature = Buffer.from(receipt.sig.slice("ed25519:".length), "base64");
      if (!verify(null, signed, publicKey, signature)) throw new Error("the call does not verify");
      if (`sha256:${hash("sha256", params)}` !== receipt.action.params_hash) throw new Error("other params");
      return copyWhole();
    });
    const answer = {
      ...BARE_ANSWER,
      server: { pubkey: receipt.signer.pubkey, name: "server" },
      nonce: receipt.nonce,
    };
    useBilateralText(answer, whole, (text) => sign(null, text, privateKey));
  }
  return performance.now() - began;
}

function signedMessage(params) {
  const { id: _id, sig, ...intent } = params._meta._signet;
  return {
    bytes: Buffer.from(canonicalJson(intent)),
    signature: Buffer.from(sig.slice("ed25519:".length), "base64"),
  };
}

async function countersignedBytes() {
  const verdict = await guard.verify((await prepare(1))[0]);
  const receipt = await guard.countersign(verdict.call, { content: [{ type: "text", text: "updated 0" }] });
  const { id: _id, sig: _sig, ...signed } = receipt;
  return Buffer.from(canonicalJson(signed));
}

function jwkOf(publicKey) {
  return { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey).toString("base64url") };
}
