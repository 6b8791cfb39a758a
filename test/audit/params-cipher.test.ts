import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import {
  decryptParams,
  encryptParams,
  paramsKey,
  paramsKeyOf,
} from "../../src/audit/record/params-cipher.js";
import { recordHash } from "../../src/audit/record/record-hash.js";
import { writeLine } from "../../src/audit/record/record-text.js";
import { GENESIS_HASH } from "../../src/audit/record/types.js";
import { canonicalBytes, canonicalJson } from "../../src/crypto/canonical-json.js";
import { createSigner } from "../../src/crypto/signer.js";
import { isPlainObject } from "../../src/lib/json.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { checkReceiptSignature } from "../../src/receipt/check.js";
import { parseReceipt } from "../../src/receipt/parse.js";
import { signReceipt } from "../../src/receipt/sign.js";
import type { ReceiptV1 } from "../../src/receipt/types.js";
import { startPeer } from "../interop/peer.js";
import type { Peer } from "../interop/peer.js";
import { jsonValues } from "../support/json-values.js";
import { countersigned } from "./countersigned.js";

const HOME = new URL("../vectors/home/", import.meta.url);
const SEED: Uint8Array = new Uint8Array(32).fill(7);
const KEY: Uint8Array = paramsKey(SEED);
const PARAMS = { command: "cat /etc/passwd", limit: 3 };
const ENVELOPE = ["action", "params_encrypted"];

function signed(params: unknown = PARAMS): ReceiptV1 {
  const signer = createSigner(SEED);
  const call = { tool: "Bash", target: "mcp://github", transport: "stdio", params };
  const issuedAtMs = Date.parse("2026-11-26T10:00:00Z");
  const receipt = signReceipt({ signer, name: "bot", owner: "acme", ...call, issuedAtMs });
  if (receipt instanceof Promise) throw new Error("a local signer is synchronous");
  return receipt;
}

/** A copy as a log holds it. */
function stored(receipt: object): JsonRecord {
  const copy: unknown = JSON.parse(JSON.stringify(receipt));
  if (!isPlainObject(copy)) throw new Error("no object");
  return copy;
}

/** A copy with another value at a path. */
function changed(receipt: object, value: unknown, ...path: readonly string[]): JsonRecord {
  const copy = stored(receipt);
  let holder = copy;
  for (const name of path.slice(0, -1)) holder = holder[name] as JsonRecord;
  holder[path.at(-1) ?? ""] = value;
  return copy;
}

function textAt(receipt: object, ...path: readonly string[]): string {
  let found: unknown = receipt;
  for (const name of path) found = (found as JsonRecord)[name];
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")}`);
  return found;
}

function holds(receipt: JsonRecord): boolean {
  const parsed = parseReceipt(receipt);
  return parsed.ok && checkReceiptSignature(parsed.value).ok;
}

describe("params that are encrypted for a log", () => {
  it("are nowhere in what is stored, and come back as they were: the signature holds again", () => {
    const receipt = signed();
    const hidden = encryptParams(receipt, KEY);
    expect(canonicalJson(hidden)).not.toContain("passwd");
    expect(hidden["action"]).not.toHaveProperty("params");
    expect(hidden).toMatchObject({
      id: receipt.id,
      action: {
        params_hash: receipt.action.params_hash,
        params_encrypted: { v: 1, alg: "xchacha20poly1305", kid: receipt.signer.pubkey },
      },
    });
    const shown = decryptParams(stored(hidden), KEY);
    expect(shown).toEqual(receipt);
    expect(holds(shown)).toBe(true);
  });

  it("are encrypted in the agent's receipt of a countersigned one", () => {
    const receipt = countersigned(signed());
    const hidden = encryptParams(receipt, KEY);
    expect(canonicalJson(hidden)).not.toContain("passwd");
    expect(hidden).toMatchObject({
      v: 3,
      sig: receipt.sig,
      agent_receipt: { action: { params_encrypted: { v: 1 } } },
    });
    expect(holds(decryptParams(stored(hidden), KEY))).toBe(true);
  });

  it("come back whatever JSON they are", () => {
    fc.assert(
      fc.property(jsonValues(), (params) => {
        fc.pre(params !== null);
        const receipt = signed(params);
        const shown = decryptParams(stored(encryptParams(receipt, KEY)), KEY);
        expect(canonicalJson(shown)).toBe(canonicalJson(receipt));
      }),
    );
  });

  it("keep an own __proto__", () => {
    const receipt = signed(JSON.parse('{"__proto__":{"x":1}}'));
    const shown = decryptParams(stored(encryptParams(receipt, KEY)), KEY);
    expect(canonicalJson(shown)).toBe(canonicalJson(receipt));
  });

  it("are never under the same nonce twice", () => {
    const nonces = Array.from({ length: 50 }, () =>
      textAt(encryptParams(signed(), KEY), ...ENVELOPE, "nonce"),
    );
    expect(new Set(nonces).size).toBe(50);
  });

  it("leave the caller's receipt as it is", () => {
    const receipt = signed();
    const before = structuredClone(receipt);
    decryptParams(encryptParams(receipt, KEY), KEY);
    expect(receipt).toEqual(before);
  });

  it("are none in a receipt that tells only their hash, nor in a typed record", () => {
    const receipt = changed(signed(), null, "action", "params");
    expect(encryptParams(receipt, KEY)).toEqual(receipt);
    const record = { type: "repair", ts: "2026-11-26T10:00:00.000Z" };
    for (const kept of [receipt, record]) expect(decryptParams(kept, KEY)).toEqual(kept);
  });

  it.each<[unknown]>([
    [{}],
    [[]],
    [null],
    [{ v: 3 }],
    [{ action: {} }],
    [{ ...signed(), action: { tool: "t" } }],
    [{ ...signed(), id: "\ud800" }],
  ])("are not encrypted in %j, which is no receipt", (receipt) => {
    expect(() => encryptParams(receipt as JsonRecord, KEY)).toThrow(
      expect.objectContaining({ code: "invalid_option", option: "receipt" }),
    );
  });

  it.each<[unknown]>([[KEY.subarray(1)], ["c2VjcmV0IGtleSBpbiBiYXNlNjQgb2YgMzIgYnl0ZXM="], [undefined]])(
    "need a key of 32 bytes, and what was given for one is not in the message",
    (key) => {
      for (const use of [encryptParams, decryptParams]) {
        const call = (): unknown => use(stored(signed()), key as Uint8Array);
        expect(call).toThrow(expect.objectContaining({ code: "invalid_option", option: "key" }));
        expect(call).not.toThrow(/c2Vjc/);
      }
    },
  );
});

describe("encrypted params that were changed", () => {
  const refused = expect.objectContaining({ name: "AuditLogError", code: "params_undecryptable" });
  const hidden = stored(encryptParams(signed(), KEY));

  it.each([
    [[...ENVELOPE, "alg"]],
    [[...ENVELOPE, "kid"]],
    [[...ENVELOPE, "nonce"]],
    [[...ENVELOPE, "ciphertext"]],
    [["id"]],
    [["signer", "pubkey"]],
    [["ts"]],
  ])("are refused for any change of a single bit of %j, and with a character less", (path) => {
    const text = textAt(hidden, ...path);
    for (let at = 0; at < text.length; at++) {
      const [before, after] = [text.slice(0, at), text.slice(at + 1)];
      const units = [1, 2, 4, 8, 16, 32, 64].map((bit) => String.fromCharCode(text.charCodeAt(at) ^ bit));
      for (const unit of [...units, ""]) {
        const other = changed(hidden, before + unit + after, ...path);
        expect(() => decryptParams(other, KEY)).toThrow(refused);
      }
    }
  });

  it.each([
    ["v", 0],
    ["v", 2],
    ["v", "1"],
    ["v", undefined],
    ["alg", "none"],
    ["nonce", null],
    ["nonce", Buffer.alloc(12).toString("base64")],
    ["ciphertext", ""],
    ["ciphertext", 5],
    ["ciphertext", "AA"],
    ["more", 1],
  ])("are refused when %s of the envelope is %j", (name, value) => {
    expect(() => decryptParams(changed(hidden, value, ...ENVELOPE, name), KEY)).toThrow(refused);
  });

  it.each([
    ["the envelope is no object", changed(hidden, "xchacha20poly1305", ...ENVELOPE)],
    ["there are params in the clear as well", changed(hidden, PARAMS, "action", "params")],
    ["the receipt has no id", changed(hidden, undefined, "id")],
    ["the receipt has no signer", changed(hidden, null, "signer")],
    ["the receipt has no time", changed(hidden, 5, "ts")],
    [
      "they are those of another receipt",
      changed(signed({}), (hidden["action"] as never)["params_encrypted"], ...ENVELOPE),
    ],
  ])("are refused when %s", (_, receipt) => {
    expect(() => decryptParams(receipt, KEY)).toThrow(refused);
  });

  it("are refused with another key, and the message tells nothing of them", () => {
    const other = paramsKey(new Uint8Array(32).fill(8));
    expect(() => decryptParams(hidden, other)).toThrow(refused);
    expect(() => decryptParams(hidden, other)).not.toThrow(/passwd/);
  });

  it.each([["{"], ['{"a":9007199254740993}'], ['{"a":1,"a":2}'], ['{ "a": 1 }'], ['{"a":1e400}'], [""]])(
    "are refused when what was encrypted is %j, which is not the canonical JSON of anything",
    (text) => {
      const receipt = signed();
      const pubkey = receipt.signer.pubkey;
      const bound = canonicalBytes({ receipt_id: receipt.id, signer_pubkey: pubkey, ts: receipt.ts });
      const nonce = new Uint8Array(24);
      const ciphertext = xchacha20poly1305(KEY, nonce, bound).encrypt(Buffer.from(text));
      const members = { nonce, ciphertext: Buffer.from(ciphertext) };
      const texts = Object.entries(members).map(([name, bytes]) => [
        name,
        Buffer.from(bytes).toString("base64"),
      ]);
      const envelope = { v: 1, alg: "xchacha20poly1305", kid: pubkey, ...Object.fromEntries(texts) };
      const { params: _, ...action } = receipt.action;
      const made = { ...receipt, action: { ...action, params_encrypted: envelope } };
      expect(() => decryptParams(stored(made), KEY)).toThrow(refused);
    },
  );
});

describe("the key for params", () => {
  it("is the same from a signer as from its seed, and is not the seed", () => {
    expect(paramsKeyOf(createSigner(SEED))).toEqual(KEY);
    expect(Buffer.compare(KEY, SEED)).not.toBe(0);
  });

  it("is not to be had from a signer whose private key is elsewhere, nor from what only looks like a local one", () => {
    const local = createSigner(SEED);
    const sign = (message: Uint8Array): ReturnType<typeof local.sign> => local.sign(message);
    expect(paramsKeyOf({ publicKey: local.publicKey, sign })).toBeUndefined();
    expect(paramsKeyOf(Object.create(local) as typeof local)).toBeUndefined();
  });

  it.each<[unknown]>([[new Uint8Array(31)], [new Uint8Array(64)], ["seed"], [undefined]])(
    "is made of nothing but a seed of 32 bytes",
    (seed) => {
      expect(() => paramsKey(seed as Uint8Array)).toThrow(
        expect.objectContaining({ name: "SignerError", code: "key_invalid" }),
      );
    },
  );
});

describe("params that the released implementation encrypted", () => {
  it("are read with the key file beside the log, and the signature holds", () => {
    const [line = ""] = readFileSync(new URL("audit/2026-03-02.jsonl", HOME), "utf8").split("\n");
    const { receipt } = JSON.parse(line) as { receipt: JsonRecord };
    const file = JSON.parse(readFileSync(new URL("keys/plain-bot.key", HOME), "utf8")) as { seed: string };
    expect(receipt["action"]).toHaveProperty("params_encrypted");
    const shown = decryptParams(receipt, paramsKey(Buffer.from(file.seed, "base64")));
    expect(shown["action"]).not.toHaveProperty("params_encrypted");
    expect(holds(shown)).toBe(true);
  });
});

const PYTHON = env["SIGNET_PYTHON"];

describe.skipIf(PYTHON === undefined)("with signet-auth 0.11.0 (skipped unless SIGNET_PYTHON is set)", () => {
  const seed = Buffer.from(SEED).toString("base64");
  let peer: Peer;
  let home: string;
  beforeAll(() => {
    peer = startPeer(PYTHON ?? "");
  });
  afterAll(() => peer.close());
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "signet-params-"));
    await mkdir(join(home, "keys"));
    await mkdir(join(home, "audit"));
    const key = { v: 1, algorithm: "ed25519", name: "bot" };
    const pubkey = signed().signer.pubkey.slice("ed25519:".length);
    await writeFile(join(home, "keys/bot.key"), JSON.stringify({ ...key, seed }), { mode: 0o600 });
    const created_at = "2026-11-01T00:00:00Z";
    await writeFile(join(home, "keys/bot.pub"), JSON.stringify({ ...key, pubkey, created_at }));
  });
  afterEach(() => rm(home, { recursive: true }));

  it("what is encrypted here is decrypted there", async () => {
    await fc.assert(
      fc.asyncProperty(jsonValues(), async (params) => {
        fc.pre(params !== null);
        const receipt = signed(params);
        const text = canonicalBytes(encryptParams(receipt, KEY));
        const line = Buffer.alloc(text.length + 400);
        const length = writeLine(line, 0, text, GENESIS_HASH, recordHash(text, GENESIS_HASH));
        await writeFile(join(home, "audit/2026-11-26.jsonl"), line.subarray(0, length));
        const shown = await peer.text("audit_decrypted", { home });
        expect(canonicalJson(JSON.parse(shown))).toBe(canonicalJson(receipt));
      }),
      { numRuns: 100 },
    );
  });

  it("what is encrypted there is decrypted here", async () => {
    await fc.assert(
      fc.asyncProperty(jsonValues(), async (params) => {
        const receipt = signed(params);
        const call = { home, seed, receipt: JSON.stringify(receipt) };
        const there: unknown = JSON.parse(await peer.text("audit_encrypted", call));
        if (!isPlainObject(there)) throw new Error("no object");
        expect(there["action"]).toHaveProperty("params_encrypted");
        expect(canonicalJson(decryptParams(there, KEY))).toBe(canonicalJson(receipt));
      }),
      { numRuns: 50 },
    );
  });
});
