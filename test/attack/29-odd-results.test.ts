import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import { checkReceiptSignature, contentHash, errorHash } from "../../src/receipt/index.js";
import type { ReceiptV3 } from "../../src/receipt/index.js";
import { openStand } from "./support/stand.js";
import { at } from "./support/wire.js";

interface Sender {
  onmessage?: (message: { id?: unknown; method?: string }) => void;
  send(message: unknown): Promise<void>;
}

/** Answers a verified call with what no SDK has looked at, and takes what goes over the wire. */
async function sent(answer: () => JsonRecord): Promise<{ answer: JsonRecord; countersignature: ReceiptV3 }> {
  const stand = await openStand();
  const server = {
    setRequestHandler: () => undefined,
    async connect(transport: Sender) {
      transport.onmessage = ({ id, method }) => {
        if (id === undefined) return;
        const body = method === "tools/call" ? answer() : { result: {} };
        void transport.send({ jsonrpc: "2.0", id, ...body });
      };
      await Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const wire = await stand.attach(server);
  const got = await wire.call(await stand.sign());
  const countersignature = (at(got, "result", "_meta", "_signet_bilateral") ??
    at(got, "error", "data", "_signet_bilateral")) as ReceiptV3;
  expect(checkReceiptSignature(countersignature)).toEqual({ ok: true });
  const hash = "error" in got ? errorHash(got["error"]) : contentHash(got["result"]);
  expect(countersignature.response.content_hash).toBe(hash);
  expect(stand.guard.health().callsInFlight).toBe(0);
  return { answer: got, countersignature };
}

class Meta {
  readonly trace = "t";
}

function nested(levels: number): JsonRecord {
  let value: JsonRecord = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}

function withHiddenForm(value: object): object {
  return Object.defineProperty(value, "toJSON", { value: () => ({ other: true }) });
}

describe("an odd result", () => {
  it.each<[string, unknown]>([
    ["null", null],
    ["a list", [1]],
    ["a text", "text"],
    ["a number", 1],
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["undefined", undefined],
  ])("whose _meta is %s is countersigned as it goes out", async (_, _meta) => {
    const { answer } = await sent(() => ({ result: { content: [], _meta } }));
    expect(Object.keys(at(answer, "result", "_meta") as object)).toEqual(["_signet_bilateral"]);
  });

  it("keeps the members of a _meta that is of a class, but for a countersignature", async () => {
    const _meta = Object.assign(new Meta(), { "dev.signet/bilateral": { v: 3 } });
    const { answer } = await sent(() => ({ result: { content: [], _meta } }));
    expect(Object.keys(at(answer, "result", "_meta") as object)).toEqual(["trace", "_signet_bilateral"]);
  });

  it.each<[string, () => unknown]>([
    ["an object", () => withHiddenForm({ a: 1 })],
    ["a list", () => withHiddenForm([1])],
  ])("with a toJSON hidden in %s is countersigned as it goes out", async (_, make) => {
    const { answer } = await sent(() => ({ result: { content: [], structuredContent: { thing: make() } } }));
    expect(at(answer, "result", "structuredContent", "thing")).toEqual({ other: true });
  });

  it.each<[string, () => unknown]>([
    [
      "throws when it is read",
      () => ({
        get gone(): never {
          throw new RangeError("gone");
        },
      }),
    ],
    ["is nested too deep for the stack", () => nested(100_000)],
    ["is a Proxy that throws", () => new Proxy({}, { ownKeys: () => Object.keys(undefined as never) })],
  ])("that %s is replaced by an error that is countersigned", async (_, make) => {
    const { answer, countersignature } = await sent(() => ({ result: { content: [], odd: make() } }));
    expect(at(answer, "error", "data", "reason")).toBe("result_not_canonical");
    expect(countersignature.response.outcome).toEqual({
      status: "failed",
      error: "result_not_canonical: not_json",
    });
  });

  it("that is an error with a code of any length is countersigned", async () => {
    const { countersignature } = await sent(() => ({ error: { code: "x".repeat(9000), message: "no" } }));
    expect(countersignature.response.outcome).toEqual({ status: "failed", error: "jsonrpc_error" });
  });
});
